using System.Text.Json.Nodes;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// Trains the image autoencoder: L1, half the L1 of the image gradients (it keeps edges sharp) and a little KL. Most steps see crops of
/// 32 pixels, which halves the cost; the last ones whole images, because the mid block's attention has to see them.
/// </summary>
public sealed class VaeStage : ITrainingStage
{
    const int CropSize = 32, CropBatch = 24, WholeBatch = 16, ScalingImages = 512;
    const double PeakRate = 2e-3, GradientWeight = 0.5, KlWeight = 1e-3;

    readonly ShapesDataset data;
    readonly AutoencoderKl vae;
    readonly int cropSteps;

    public VaeStage(ShapesDataset data, int cropSteps, int wholeSteps)
    {
        (this.data, this.cropSteps, Steps) = (data, cropSteps, cropSteps + wholeSteps);
        manual_seed((long)new SceneRandom(data.Seed, WorldDraw.Weights, 0).NextSeed());
        vae = new AutoencoderKl(Config);
        Optimizer = TrainableModule.Optimizer(vae, weightDecay: 1e-4);
        State = TrainableModule.Tensors(vae);
    }

    public static VaeConfig Config { get; } = new()
    {
        BlockOutChannels = [16, 32, 64],
        LayersPerBlock = 1,
        LatentChannels = 4,
        NormNumGroups = 8,
        SampleSize = Scene.Size,
        ScalingFactor = 1,
        ForceUpcast = false,
    };

    public int Steps { get; }

    public AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate);

    public double ComputeGradients(int step)
    {
        using var generator = TrainableModule.Noise(data.Seed ^ 0x0AE, step);
        var images_BCHW = Batch(step);
        var posterior = vae.Encode(images_BCHW);
        var latents_BCHW = posterior.Sample(randn(posterior.Mean.shape, generator: generator));
        var decoded_BCHW = vae.Decode(latents_BCHW);
        var kl = posterior.Kl().mean() / (posterior.Mean.numel() / (double)posterior.Mean.shape[0]);
        var loss = nn.functional.l1_loss(decoded_BCHW, images_BCHW) + GradientWeight * GradientLoss(decoded_BCHW, images_BCHW) + KlWeight * kl;
        loss.backward();
        return loss.item<float>();
    }

    /// <summary>Config (with the scaling factor that gives latents a deviation of 1) and weights.</summary>
    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        vae.eval();
        var scaling = ScalingFactor();
        ModelFiles.WriteJson(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["_class_name"] = "AutoencoderKL",
            ["_diffusers_version"] = "0.26.1",
            ["act_fn"] = "silu",
            ["block_out_channels"] = ModelFiles.Array(Config.BlockOutChannels),
            ["down_block_types"] = ModelFiles.Array(Config.BlockOutChannels.Select(_ => "DownEncoderBlock2D")),
            ["up_block_types"] = ModelFiles.Array(Config.BlockOutChannels.Select(_ => "UpDecoderBlock2D")),
            ["force_upcast"] = false,
            ["in_channels"] = 3,
            ["out_channels"] = 3,
            ["latent_channels"] = Config.LatentChannels,
            ["layers_per_block"] = Config.LayersPerBlock,
            ["norm_num_groups"] = Config.NormNumGroups,
            ["sample_size"] = Config.SampleSize,
            ["scaling_factor"] = scaling,
        });
        ModelFiles.WriteWeights(Path.Combine(folder, "diffusion_pytorch_model.safetensors"), State);
        return new Dictionary<string, double> { ["scaling_factor"] = scaling };
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        vae.Dispose();
    }

    Tensor Batch(int step)
    {
        if (step >= cropSteps) return data.Batch(data.Draw(step, WholeBatch));
        var random = new SceneRandom(data.Seed, WorldDraw.Crops, (uint)step);
        var corners = new (int, int)[CropBatch];
        foreach (ref var corner in corners.AsSpan()) corner = (random.Below(Scene.Size - CropSize + 1), random.Below(Scene.Size - CropSize + 1));
        return data.Crops(data.Draw(step, CropBatch), corners, CropSize);
    }

    static Tensor GradientLoss(Tensor a_BCHW, Tensor b_BCHW) =>
        nn.functional.l1_loss(a_BCHW.diff(dim: 3), b_BCHW.diff(dim: 3)) + nn.functional.l1_loss(a_BCHW.diff(dim: 2), b_BCHW.diff(dim: 2));

    double ScalingFactor()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var means = Enumerable.Range(0, Math.Min(ScalingImages, data.Count)).Chunk(32).Select(chunk => vae.Encode(data.Batch(chunk)).Mean).ToList();
        return Math.Round(1 / cat(means, 0).std().item<float>(), 5);
    }
}
