using SpoActors.Golden.Tests.Harness;
using SpoActors.Golden.Tests.Models;
using SpoActors.Golden.Tests.Optimization;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>What the training cases share: the schedule, the tiny models, and optimizer steps with their losses, gradients and weights.</summary>
sealed class ObjectiveReplay
{
    readonly GoldenCase golden;
    readonly GoldenAssert check;
    readonly ScalarType arithmetic;

    /// <param name="golden">The case.</param>
    /// <param name="check">What compares.</param>
    /// <param name="arithmetic">
    /// What the tiny model computes in. It is not what is tested: losses of own pairs multiply its roundings by up to 2500, so float64 there.
    /// </param>
    public ObjectiveReplay(GoldenCase golden, GoldenAssert check, ScalarType arithmetic = ScalarType.Float32)
    {
        (this.golden, this.check, this.arithmetic) = (golden, check, arithmetic);
        check.IsBoundAsNoted = true;
        Schedule = NoiseSchedule.Create(SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder)
            with
        { PredictionType = SchedulerCases.Prediction(golden.Config.GetProperty("prediction_type").GetString()!) });
        // Own pairs have no trajectory, and GradSPO's log-probabilities no eta.
        var steps = golden.Config.TryGetProperty("steps", out var number) ? number.GetInt32() : 1;
        Process = new DdimScheduler(Schedule, steps, Number("eta") ?? 1, DdimLastStep.ClampToFirst);
        Policy = Load("policy");
    }

    /// <summary>A model of the case.</summary>
    public TinyDenoiser Load(string model) => TinyDenoiser.Load(golden, model, arithmetic);

    /// <summary>The model whose weights are an average's.</summary>
    public TinyDenoiser Slow(ParameterAverage average) => TinyDenoiser.Of(golden, arithmetic, average.Values);

    public NoiseSchedule Schedule { get; }

    public DdimScheduler Process { get; }

    public TinyDenoiser Policy { get; }

    public double? Number(string key) => OptimizerSettings.Number(golden.Config, key);

    public double Required(string key) => golden.Config.GetProperty(key).GetDouble();

    /// <summary>The sigmoid with the case's beta: what all originals were published with.</summary>
    public PreferenceLink Sigmoid() => new(LinkKind.Sigmoid, Required("beta"));

    /// <summary>One side of transitions.</summary>
    /// <param name="timesteps">t of each row.</param>
    /// <param name="current">x_t.</param>
    /// <param name="next">x_{t-1}.</param>
    /// <param name="reference">The reference; null where the objective has none.</param>
    public SampleSide Transition(Tensor timesteps, Tensor current, Tensor? next, TinyDenoiser? reference)
    {
        var (prompt, negative) = (golden.Tensor("prompt"), golden.Has("negative_prompt") ? golden.Tensor("negative_prompt") : null);
        return new SampleSide
        {
            Timesteps_M = timesteps,
            Current_MCHW = current,
            Next_MCHW = next,
            Policy_MCHW = Policy.Predict(current, timesteps, prompt, negative),
            Reference_MCHW = reference?.Predict(current, timesteps, prompt, negative).detach(),
        };
    }

    /// <summary>Optimizer steps on one batch: losses, gradients and weights against the recording.</summary>
    /// <param name="forward">The micro-batches' results with the present weights.</param>
    /// <param name="afterStep">Called after each optimizer step, with its number.</param>
    /// <returns>The results of the first step.</returns>
    public IReadOnlyList<ObjectiveResult> Train(Func<int, IReadOnlyList<ObjectiveResult>> forward, Action<int>? afterStep = null)
    {
        var settings = golden.Config.GetProperty("optimizer");
        using var optimizer = new AdamW(Policy.Parameters, OptimizerSettings.Of(settings) with { MaxGradNorm = OptimizerSettings.Number(settings, "max_grad_norm") });
        IReadOnlyList<ObjectiveResult>? first = null;
        var step = 0;
        for (; golden.Has($"loss.step{step}"); step++)
        {
            var results = forward(step);
            first ??= results;
            check.Equal("accumulated micro-batches", results.Count, (int)(OptimizerSettings.Number(settings, "accumulate") ?? 1));
            foreach (var result in results) (result.Loss / results.Count).backward();
            check.Close($"loss.step{step}", stack(results.Select(r => r.Loss.detach()).ToArray()).mean().reshape(1));
            if (step == 0) Gradients("grad");
            var norm = optimizer.Step();
            if (golden.Has($"grad_norm.step{step}")) check.Close($"grad_norm.step{step}", tensor((float)norm).reshape(1));
            if (step == 0) Gradients("grad_clipped");
            optimizer.ZeroGrad();
            afterStep?.Invoke(step);
        }
        foreach (var (name, parameter) in Policy.Parameters) check.Close($"after{step}steps.{name}", parameter);
        return first ?? throw new InvalidDataException("the case has no loss.step0");
    }

    /// <summary>The present gradients against the recording's, where it has them.</summary>
    public void Gradients(string prefix)
    {
        foreach (var (name, parameter) in Policy.Parameters)
            if (golden.Has($"{prefix}.{name}")) check.Close($"{prefix}.{name}", parameter.grad!);
    }

    /// <summary>Frees the gradients.</summary>
    public void ZeroGradients()
    {
        foreach (var (_, parameter) in Policy.Parameters) parameter.grad = null;
    }

    /// <summary>An average that begins with recorded weights and follows the policy.</summary>
    public ParameterAverage Average(string model, double decay)
    {
        var average = new ParameterAverage(Policy.Parameters, ParameterAverage.Plain(decay));
        var state = Load(model).Parameters.ToDictionary(p => $"average.{p.Name}", p => (Tensor)p.Parameter);
        state["average_updates"] = tensor(new[] { 0L });
        average.LoadState(state);
        return average;
    }

    /// <summary>The ratios, margins and losses of an objective that clamps ratios.</summary>
    public void Ratios(ObjectiveResult result)
    {
        var details = result.Details;
        foreach (var side in new[] { "win", "lose" })
        {
            check.Close($"log_prob.{side}", details[$"log_prob_{side}"]);
            check.Close($"log_prob.ref_{side}", details[$"log_prob_{side}_reference"]);
            var unclamped = details[$"log_ratio_{side}"].exp();
            check.Close($"ratio_unclamped.{side}", unclamped);
            check.Close($"ratio.{side}", details[$"ratio_{side}"]);
            if (golden.Has($"clamped.{side}")) check.Equal($"clamped.{side}", details[$"ratio_{side}"].ne(unclamped), golden.Tensor($"clamped.{side}"));
        }
        if (golden.Has("inside")) check.Close("inside", details["logit"]);
        check.Close("loss_per_sample", result.LossPerSample);
    }
}
