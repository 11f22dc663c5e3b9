using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Diffusers;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>
/// An autoencoder of its own, to be used instead of a model's: diffusers' folder, or a file under diffusers' or the original code's
/// names.
/// </summary>
public static class VaeSource
{
    const string OriginalPrefix = SingleFileModel.VaePrefix;

    /// <summary>The configuration; a file's is worked out from its tensors.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="isXl">Whether it is for SDXL, whose latents are scaled otherwise; a file does not say.</param>
    /// <param name="parse">Parses the root object; its second argument says where that is from.</param>
    /// <exception cref="CheckpointException">It is missing or malformed, or no autoencoder.</exception>
    public static T Config<T>(string path, bool isXl, Func<JsonElement, string, T> parse)
    {
        if (Directory.Exists(path))
        {
            var file = Path.Combine(path, "config.json");
            return parse(CheckpointJson.ReadObject(file, "an autoencoder's config.json"), file);
        }
        using var weights = Weights(path);
        return parse(InferredConfigs.Vae(weights, isXl), path);
    }

    /// <summary>The weights under diffusers' present names.</summary>
    /// <exception cref="CheckpointException">They are missing or malformed.</exception>
    public static ITensorSource Weights(string path)
    {
        if (Directory.Exists(path)) return VaeLeftovers.LeaveOut(ComponentWeights.Open(path));
        var source = CheckpointFile.Open(path);
        if (source.Tensors.Keys.Any(k => k.StartsWith(OriginalPrefix, StringComparison.Ordinal))) source = MappedTensorSource.Below(source, OriginalPrefix);
        source = VaeLeftovers.LeaveOut(source);
        return source.Tensors.ContainsKey("encoder.down.0.block.0.conv1.weight") ? OriginalVaeNames.AsDiffusers(source) : VaeAttentionNames.Modernise(source);
    }
}
