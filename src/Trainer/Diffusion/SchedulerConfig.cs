using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models;

namespace SpoActors.Trainer.Diffusion;

/// <summary>What the model predicts.</summary>
public enum PredictionType { Epsilon, VPrediction, Sample }

/// <summary>How the timesteps of a shorter trajectory are chosen among those of training (arXiv 2305.08891, table 2).</summary>
public enum TimestepSpacing { Linspace, Leading, Trailing }

/// <summary>How beta grows with the timestep.</summary>
public enum BetaSchedule { Linear, ScaledLinear, SquaredCosine }

/// <summary>How a second-order step of DPM-Solver++ uses the slope of x_0.</summary>
public enum SolverType { Midpoint, Heun }

/// <summary>
/// diffusers' <c>scheduler_config.json</c>. Keys of every scheduler are read whatever class the file names, because diffusers builds any
/// scheduler from any scheduler's file; absent keys have the defaults of diffusers' classes.
/// </summary>
public sealed record SchedulerConfig
{
    /// <summary>A hundred times what models are trained with.</summary>
    const int MostTimesteps = 100_000;

    /// <summary>Parts of the names of schedulers whose models were trained with another kind of noise.</summary>
    static readonly string[] WithoutBetas = ["FlowMatch", "EDM", "ScoreSde", "KarrasVe", "VQDiffusion", "CMStochastic", "Wuerstchen", "Amused", "ConsistencyDecoder"];

    public int NumTrainTimesteps { get; init; } = 1000;

    public double BetaStart { get; init; } = 0.0001;

    public double BetaEnd { get; init; } = 0.02;

    public BetaSchedule BetaSchedule { get; init; } = BetaSchedule.Linear;

    public PredictionType PredictionType { get; init; } = PredictionType.Epsilon;

    /// <summary>Null where the file doesn't say: DDIM and DDPM then take leading, Euler and DPM-Solver linspace.</summary>
    public TimestepSpacing? TimestepSpacing { get; init; }

    /// <summary>Added to the timesteps of leading spacing.</summary>
    public int StepsOffset { get; init; }

    /// <summary>The alpha product before the first timestep is 1 instead of the first table entry.</summary>
    public bool SetAlphaToOne { get; init; } = true;

    /// <summary>Clamp the predicted x_0 to ± <see cref="ClipSampleRange"/>.</summary>
    public bool ClipSample { get; init; } = true;

    public double ClipSampleRange { get; init; } = 1;

    /// <summary>Dynamic thresholding of the predicted x_0 (Imagen, arXiv 2205.11487 section 2.3); takes precedence over clipping.</summary>
    public bool Thresholding { get; init; }

    public double DynamicThresholdingRatio { get; init; } = 0.995;

    public double SampleMaxValue { get; init; } = 1;

    /// <summary>Rescale the betas so that the last timestep has no signal (arXiv 2305.08891 section 3.1).</summary>
    public bool RescaleBetasZeroSnr { get; init; }

    /// <summary>Noise levels by Karras et al. (arXiv 2206.00364 equation 5) instead of those of the timesteps.</summary>
    public bool UseKarrasSigmas { get; init; }

    /// <summary>DPM-Solver: order of the steps, 1 or 2.</summary>
    public int SolverOrder { get; init; } = 2;

    /// <summary>DPM-Solver: which form the second-order steps have.</summary>
    public SolverType SolverType { get; init; } = SolverType.Midpoint;

    /// <summary>DPM-Solver: take a first-order last step whatever the number of steps.</summary>
    public bool EulerAtFinal { get; init; }

    /// <summary>DPM-Solver: take a first-order last step in trajectories of fewer than 15 steps.</summary>
    public bool LowerOrderFinal { get; init; } = true;

    /// <summary>DPM-Solver: the noise level after the last step is 0; if false, that of the first timestep.</summary>
    public bool FinalSigmaZero { get; init; } = true;

    /// <summary>
    /// Settings of single samplers that are not supported, a sentence each, by the sampler's name: files are written for one sampler and
    /// read by all, so they matter only to that one. Null where there are none.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Unsupported { get; init; }

    /// <summary>Refuses what the file asks of a sampler and the sampler does not do.</summary>
    /// <param name="sampler">Its name in configurations.</param>
    /// <exception cref="CheckpointException">The file asks for such a thing; everything is listed.</exception>
    public void RequireSupported(string sampler)
    {
        if (Unsupported?.TryGetValue(sampler, out var problems) == true)
            throw new CheckpointException($"the model's scheduler_config.json asks {sampler} for what it does not do; choose another sampler:\n  - {string.Join("\n  - ", problems)}");
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="CheckpointException">It is missing or malformed, or asks for what is not supported; everything is listed.</exception>
    public static SchedulerConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "a scheduler_config.json"), path);

    /// <summary>Reads a parsed file.</summary>
    /// <param name="json">The file's object.</param>
    /// <param name="origin">Its path, for messages.</param>
    /// <exception cref="CheckpointException">As <see cref="Load"/>.</exception>
    public static SchedulerConfig Parse(JsonElement json, string origin)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"'{origin}' holds {json.ValueKind} where a scheduler's object of settings was expected.");
        var (reader, solver) = (new ModelConfigReader(json, origin), new ModelConfigReader(json, origin));
        var standard = new SchedulerConfig();
        var config = new SchedulerConfig
        {
            NumTrainTimesteps = reader.Count("num_train_timesteps", standard.NumTrainTimesteps, MostTimesteps),
            BetaStart = reader.Double("beta_start", standard.BetaStart),
            BetaEnd = reader.Double("beta_end", standard.BetaEnd),
            BetaSchedule = Choice(reader, "beta_schedule", standard.BetaSchedule,
                ("linear", BetaSchedule.Linear), ("scaled_linear", BetaSchedule.ScaledLinear), ("squaredcos_cap_v2", BetaSchedule.SquaredCosine)),
            PredictionType = Choice(reader, "prediction_type", standard.PredictionType,
                ("epsilon", PredictionType.Epsilon), ("v_prediction", PredictionType.VPrediction), ("sample", PredictionType.Sample)),
            TimestepSpacing = Choice<TimestepSpacing?>(reader, "timestep_spacing", null,
                ("linspace", Diffusion.TimestepSpacing.Linspace), ("leading", Diffusion.TimestepSpacing.Leading), ("trailing", Diffusion.TimestepSpacing.Trailing)),
            StepsOffset = reader.Int("steps_offset", standard.StepsOffset),
            SetAlphaToOne = reader.Bool("set_alpha_to_one", standard.SetAlphaToOne),
            ClipSample = reader.Bool("clip_sample", standard.ClipSample),
            ClipSampleRange = reader.Double("clip_sample_range", standard.ClipSampleRange),
            Thresholding = reader.Bool("thresholding", standard.Thresholding),
            DynamicThresholdingRatio = reader.Double("dynamic_thresholding_ratio", standard.DynamicThresholdingRatio),
            SampleMaxValue = reader.Double("sample_max_value", standard.SampleMaxValue),
            RescaleBetasZeroSnr = reader.Bool("rescale_betas_zero_snr", standard.RescaleBetasZeroSnr),
            UseKarrasSigmas = reader.Bool("use_karras_sigmas", standard.UseKarrasSigmas),
            SolverOrder = solver.Int("solver_order", standard.SolverOrder),
            // diffusers takes the names of DEIS and UniPC for midpoint.
            SolverType = Choice(solver, "solver_type", standard.SolverType, ("midpoint", SolverType.Midpoint), ("heun", SolverType.Heun),
                ("logrho", SolverType.Midpoint), ("bh1", SolverType.Midpoint), ("bh2", SolverType.Midpoint)),
            EulerAtFinal = solver.Bool("euler_at_final", standard.EulerAtFinal),
            LowerOrderFinal = solver.Bool("lower_order_final", standard.LowerOrderFinal),
            FinalSigmaZero = Choice(solver, "final_sigmas_type", standard.FinalSigmaZero, ("zero", true), ("sigma_min", false)),
        };
        RefuseUnsupported(reader);
        if (config.SolverOrder is not (1 or 2)) solver.Problem($"solver_order is {config.SolverOrder}; supported: 1 or 2");
        config = config with { Unsupported = UnsupportedBySamplers(json, origin, solver) };
        if (config.NumTrainTimesteps < 2) reader.Problem($"num_train_timesteps is {config.NumTrainTimesteps}; expected at least 2");
        if (!(config.BetaStart > 0 && config.BetaStart <= config.BetaEnd && config.BetaEnd < 1))
            reader.Problem($"beta_start {config.BetaStart} and beta_end {config.BetaEnd}; expected 0 < beta_start <= beta_end < 1");
        if (config.StepsOffset < 0 || config.StepsOffset >= config.NumTrainTimesteps) reader.Problem($"steps_offset is {config.StepsOffset}; expected 0 or more, below num_train_timesteps");
        reader.ThrowIfProblems("scheduler");
        return config;
    }

    static void RefuseUnsupported(ModelConfigReader reader)
    {
        if (reader.OptionalString("_class_name") is { } name && Array.Find(WithoutBetas, w => name.Contains(w, StringComparison.Ordinal)) is not null)
            reader.Problem($"_class_name is \"{name}\", of a model without a table of betas; supported: models that were trained with DDPM's noise, whatever their sampler");
        reader.OnlySupported("trained_betas");
    }

    static Dictionary<string, IReadOnlyList<string>>? UnsupportedBySamplers(JsonElement json, string origin, ModelConfigReader solver)
    {
        var (ddpm, euler) = (new ModelConfigReader(json, origin), new ModelConfigReader(json, origin));
        ddpm.OnlySupported("variance_type", "\"fixed_small\"");
        euler.OnlySupported("interpolation_type", "\"linear\"");
        euler.OnlySupported("timestep_type", "\"discrete\"");
        foreach (var sigmas in (ModelConfigReader[])[euler, solver])
            foreach (var key in (string[])["sigma_min", "sigma_max", "use_exponential_sigmas", "use_beta_sigmas", "use_flow_sigmas"])
                sigmas.OnlySupported(key, key.StartsWith("use_", StringComparison.Ordinal) ? ["false"] : []);
        // diffusers takes the algorithm of DEIS for dpmsolver++.
        solver.OnlySupported("algorithm_type", "\"dpmsolver++\"", "\"deis\"");
        solver.OnlySupported("use_lu_lambdas", "false");
        solver.OnlySupported("lambda_min_clipped", "\"-Infinity\"");
        var found = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var (sampler, reader) in ((string, ModelConfigReader)[])[("ddpm", ddpm), ("euler", euler), ("dpm_solver", solver)])
            if (reader.Problems.Count > 0) found.Add(sampler, reader.Problems);
        return found.Count > 0 ? found : null;
    }

    static T Choice<T>(ModelConfigReader reader, string key, T byDefault, params (string Name, T Value)[] choices)
    {
        if (reader.OptionalString(key) is not { } name) return byDefault;
        foreach (var choice in choices)
            if (choice.Name == name) return choice.Value;
        reader.Problem($"{key} is \"{name}\"; supported: {string.Join(", ", choices.Select(c => c.Name))}");
        return byDefault;
    }
}
