using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// Writes a trained preference model as a folder that <c>spo run</c> takes: the weights, and config, preprocessing and tokenizer of the
/// CLIP it comes from. A step-aware model has the published checkpoints' keys (prefix <c>model.</c>), a plain one those of transformers' CLIPModel.
/// </summary>
public static class JudgeExport
{
    const string StepAwareFile = "step_aware_preference_model.safetensors", PlainFile = "model.safetensors", StepAwarePrefix = "model.";

    const int LargestCompanion = 64 << 20;

    /// <summary>What a CLIP folder holds beside its weights.</summary>
    static readonly string[] Companions =
        ["config.json", "preprocessor_config.json", "processor_config.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt", "tokenizer.json"];

    /// <summary>Name of the weights' file in the folder.</summary>
    public static string FileOf(bool stepAware) => stepAware ? StepAwareFile : PlainFile;

    /// <param name="folder">Created if absent.</param>
    /// <param name="network">Says of which kind the model is.</param>
    /// <param name="weights">The trained weights.</param>
    /// <param name="dtype">Type of the weights in the file.</param>
    /// <param name="processor">Folder of the CLIP's other files.</param>
    /// <returns>SHA-256 of the weights' file.</returns>
    public static string Write(string folder, JudgeNetwork network, IReadOnlyDictionary<string, Tensor> weights, ScalarType dtype, string processor)
    {
        Directory.CreateDirectory(folder);
        foreach (var name in Companions.Where(n => File.Exists(Path.Combine(processor, n))))
            AtomicFile.Write(Path.Combine(folder, name), InputFile.ReadAll(Path.Combine(processor, name), LargestCompanion));
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var prefix = network.IsStepAware ? StepAwarePrefix : "";
        var converted = weights.ToDictionary(w => prefix + w.Key, w => w.Value.detach().to_type(dtype), StringComparer.Ordinal);
        // transformers refuses files that do not say which framework wrote them.
        return AtomicFile.Write(Path.Combine(folder, FileOf(network.IsStepAware)),
            target => SafetensorsWriter.Write(target, converted, new Dictionary<string, string> { ["format"] = "pt" }));
    }
}
