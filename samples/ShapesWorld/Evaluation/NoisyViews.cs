using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>
/// What a judge is shown at a timestep, as in its training: the image noised to it and the base model's guided prediction of the clean image,
/// decoded. Images of one row share their noise, whatever column they are in.
/// </summary>
sealed class NoisyViews(DiffusionModel model, ulong seed)
{
    const double GuidanceScale = 4;

    readonly PairDistortion distortion = new(model.UNet, model.Decoder.Vae, model.Schedule, GuidanceScale);

    /// <param name="captions">Of the rows.</param>
    /// <param name="images_BCHW">One column, float32 in -1 .. 1.</param>
    /// <param name="timestep">The same for all.</param>
    /// <param name="column">Decides the autoencoder's noise only.</param>
    /// <returns>About -1 .. 1, clamped, [B, 3, 64, 64], and the timesteps, [B].</returns>
    public (Tensor Images_BCHW, Tensor Timesteps_B) Of(IReadOnlyList<string> captions, Tensor images_BCHW, int timestep, int column)
    {
        using var scope = NewDisposeScope();
        using var shared = new Generator(new SceneRandom(seed, WorldDraw.Noise, (uint)timestep, 100).NextSeed());
        using var own = new Generator(new SceneRandom(seed, WorldDraw.Noise, (uint)timestep, 101 + (uint)column).NextSeed());
        var size = model.LatentSize(null, null);
        long[] shape = [captions.Count, size.Channels, size.Height, size.Width];
        var timesteps_B = full([captions.Count], timestep, ScalarType.Int64);
        var negative = new UNetConditioning(model.Prompts.EncodeUnconditional().EncoderHiddenStates.expand(captions.Count, -1, -1));
        var views_BCHW = distortion.Distort(images_BCHW, timesteps_B, randn(shape, generator: own), randn(shape, generator: shared),
            negative, model.Prompts.Encode(captions)).Decoded.clamp(-1, 1);
        return (views_BCHW.MoveToOuterDisposeScope(), timesteps_B.MoveToOuterDisposeScope());
    }
}
