using System.Text.Json.Nodes;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// Trains the latent diffusion model (arXiv 2112.10752): it predicts the noise, with min-SNR-5 weights (arXiv 2303.09556), a tenth of the
/// captions dropped for classifier-free guidance, and a moving average of the weights, which is what is kept.
/// </summary>
public sealed class UNetStage : ITrainingStage
{
    const int BatchSize = 16;
    const double PeakRate = 1.2e-3, CaptionDropout = 0.1, LargestSnr = 5, LongestAverage = 0.999;
    const string AveragePrefix = "average.";

    readonly ShapesDataset data;
    readonly Tensor latents_NChw;
    readonly TextEncoders textEncoders;
    readonly UNet2DCondition unet;
    readonly IReadOnlyList<(string Name, Tensor Weight, Tensor Average)> averages;

    /// <param name="data">Captions.</param>
    /// <param name="latents_NChw">Latents of its images; owned by the stage from now on.</param>
    /// <param name="textEncoders">Frozen.</param>
    /// <param name="steps">Steps in all.</param>
    public UNetStage(ShapesDataset data, Tensor latents_NChw, TextEncoders textEncoders, int steps)
    {
        (this.data, this.latents_NChw, this.textEncoders, Steps) = (data, latents_NChw, textEncoders, steps);
        manual_seed((long)new SceneRandom(data.Seed, WorldDraw.Weights, 2).NextSeed());
        unet = new UNet2DCondition(Config);
        Optimizer = TrainableModule.Optimizer(unet, weightDecay: 1e-2);
        using var noGradient = no_grad();
        averages = [.. unet.named_parameters().Select(p => (p.name, (Tensor)p.parameter, p.parameter.detach().clone().DetachFromDisposeScope()))];
        var state = TrainableModule.Tensors(unet);
        foreach (var (name, _, average) in averages) state.Add(AveragePrefix + name, average);
        State = state;
    }

    public static UNetConfig Config { get; } = new()
    {
        SampleSize = Scene.Size / VaeStage.Config.Downscaling,
        BlockOutChannels = [48, 64, 128],
        LayersPerBlock = [1, 1, 1],
        DownAttention = [false, true, true],
        UpAttention = [false, true, true],
        AttentionHeads = [4, 4, 4],
        TransformerLayersPerBlock = [1, 1, 1],
        CrossAttentionDim = 128,
        NormNumGroups = 16,
    };

    public static SchedulerConfig Scheduler { get; } = new()
    {
        NumTrainTimesteps = 1000,
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = BetaSchedule.ScaledLinear,
        TimestepSpacing = TimestepSpacing.Leading,
        StepsOffset = 1,
        SetAlphaToOne = false,
        ClipSample = false,
    };

    static readonly NoiseSchedule Schedule = NoiseSchedule.Create(Scheduler);

    public int Steps { get; }

    public SpoActors.Trainer.Optimization.AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate, warmup: 0.05);

    public double ComputeGradients(int step)
    {
        using var generator = TrainableModule.Noise(data.Seed ^ 0x0E7, step);
        var indices = data.Draw(step, BatchSize);
        var latents_BChw = latents_NChw.index_select(0, tensor(indices.Select(i => (long)i).ToArray()));
        var noise_BChw = randn(latents_BChw.shape, generator: generator);
        var timesteps_B = randint(0, Scheduler.NumTrainTimesteps, [BatchSize], ScalarType.Int64, generator: generator);
        var text_BSD = textEncoders.Encode(Captions(step, indices)).States;

        var predicted_BChw = unet.call(Schedule.AddNoise(latents_BChw, noise_BChw, timesteps_B), timesteps_B, new UNetConditioning(text_BSD));
        var snr_B = Schedule.Snr(timesteps_B);
        var weight_B = snr_B.clamp_max(LargestSnr) / snr_B;
        var loss = ((predicted_BChw - noise_BChw).square().mean([1, 2, 3]) * weight_B).mean();
        loss.backward();
        return loss.item<float>();
    }

    public void AfterUpdate(int step)
    {
        using var noGradient = no_grad();
        // The average follows quickly at first: the initial weights should be forgotten.
        var keep = Math.Min(LongestAverage, (1.0 + step) / (10.0 + step));
        using var weight = tensor((float)(1 - keep));
        foreach (var (_, current, average) in averages) average.lerp_(current, weight);
    }

    /// <summary>The averaged weights, as diffusers' UNet2DConditionModel.</summary>
    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        ModelFiles.WriteJson(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["_class_name"] = "UNet2DConditionModel",
            ["_diffusers_version"] = "0.26.1",
            ["act_fn"] = "silu",
            // The number of heads: diffusers' own misnomer.
            ["attention_head_dim"] = Config.AttentionHeads[0],
            ["block_out_channels"] = ModelFiles.Array(Config.BlockOutChannels),
            ["cross_attention_dim"] = Config.CrossAttentionDim,
            ["down_block_types"] = ModelFiles.Array(Config.DownAttention.Select(a => a ? "CrossAttnDownBlock2D" : "DownBlock2D")),
            ["up_block_types"] = ModelFiles.Array(Config.UpAttention.Reverse().Select(a => a ? "CrossAttnUpBlock2D" : "UpBlock2D")),
            ["mid_block_type"] = "UNetMidBlock2DCrossAttn",
            ["in_channels"] = Config.InChannels,
            ["out_channels"] = Config.OutChannels,
            ["layers_per_block"] = Config.LayersPerBlock[0],
            ["norm_num_groups"] = Config.NormNumGroups,
            ["norm_eps"] = Config.NormEps,
            ["flip_sin_to_cos"] = true,
            ["freq_shift"] = 0,
            ["downsample_padding"] = 1,
            ["center_input_sample"] = false,
            ["sample_size"] = Config.SampleSize,
        });
        ModelFiles.WriteWeights(Path.Combine(folder, "diffusion_pytorch_model.safetensors"), averages.ToDictionary(a => a.Name, a => a.Average));
        return new Dictionary<string, double> { ["parameters"] = averages.Sum(a => a.Weight.numel()) };
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        foreach (var (_, _, average) in averages) average.Dispose();
        latents_NChw.Dispose();
        unet.Dispose();
    }

    string[] Captions(int step, int[] indices)
    {
        var random = new SceneRandom(data.Seed, WorldDraw.Captions, (uint)step, 1);
        var captions = new string[indices.Length];
        for (var b = 0; b < indices.Length; b++)
            captions[b] = random.Uniform(0, 1) < CaptionDropout ? "" : data.SceneAt(indices[b]).Description.Caption;
        return captions;
    }
}
