using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>The latents of a data set's images, encoded once and kept on disk.</summary>
static class LatentCache
{
    const string Key = "latents";
    const int BatchSize = 64;

    /// <summary>Mean latents as the UNet sees them (scaled), float32 [N, C, h, w].</summary>
    public static Tensor Load(string path, ShapesDataset data, LatentDecoder autoencoder, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (!File.Exists(path))
        {
            var latents_NChw = cat([.. Enumerable.Range(0, data.Count).Chunk(BatchSize).Select(Encode)], 0);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, new Dictionary<string, Tensor> { [Key] = latents_NChw }));
        }
        using var file = SafetensorsFile.Open(path);
        return file.Load(Key).clone().DetachFromDisposeScope();

        Tensor Encode(int[] indices)
        {
            cancel.ThrowIfCancellationRequested();
            using var batchScope = NewDisposeScope();
            return (autoencoder.Vae.Encode(data.Batch(indices)).Mean * autoencoder.Vae.Config.ScalingFactor).MoveToOuterDisposeScope();
        }
    }
}
