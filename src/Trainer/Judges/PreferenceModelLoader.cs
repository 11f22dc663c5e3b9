using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Pipelines.Inspection;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>Builds preference models from their files.</summary>
public static class PreferenceModelLoader
{
    /// <summary>Published checkpoints of the step-aware model wrap the network.</summary>
    const string WrapperPrefix = "model.";

    static readonly string[] FileNames =
        ["model.safetensors", "step_aware_preference_model.safetensors", "pytorch_model.bin", "step_aware_preference_model.bin"];

    /// <summary>The model a run names: its checkpoint, and a folder with config, tokenizer and preprocessor.</summary>
    /// <param name="preference">Paths, and whether the model knows the timestep.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="dtype">Element type of its parameters: the specification's.</param>
    /// <param name="tokenizer">Instead of the folder's.</param>
    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static IPreferenceModel Load(PreferenceSpecification preference, Device device, ScalarType dtype, IPromptTokenizer? tokenizer = null)
    {
        var checkpoint = FindCheckpoint(preference.Path);
        var folder = preference.Processor ?? Path.GetDirectoryName(Path.GetFullPath(checkpoint))!;
        using var source = CheckpointFile.Open(checkpoint);
        return Load(source, folder, preference.StepAware, device, dtype, tokenizer);
    }

    /// <summary>The same from an open checkpoint.</summary>
    /// <param name="checkpoint">Weights, with or without the prefix <c>model.</c>; position_ids are ignored.</param>
    /// <param name="folder">Holds config.json, preprocessor_config.json and, unless one is given, the tokenizer.</param>
    /// <param name="stepAware">False for a plain CLIP (PickScore).</param>
    /// <param name="device">Where the model runs.</param>
    /// <param name="dtype">Element type of its parameters.</param>
    /// <param name="tokenizer">Instead of the folder's.</param>
    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static IPreferenceModel Load(
        ITensorSource checkpoint, string folder, bool stepAware, Device device, ScalarType dtype, IPromptTokenizer? tokenizer = null)
    {
        try
        {
            RequireKind(checkpoint, stepAware, stepAware ? "set preference.step_aware: false to use a model without step conditioning" : "set preference.step_aware: true to use it");
            var config = ClipConfig.Load(Path.Combine(folder, "config.json"));
            var preprocessing = ReadPreprocessing(folder, config);
            tokenizer ??= Tokenizer(folder);
            var options = new LoadOptions { Device = device, Dtype = dtype };
            var weights = Unwrap(checkpoint);
            return stepAware
                ? new StepAwarePreferenceModel(ModuleLoading.Load(new TimeConditionedClipModel(config, META), weights, options), preprocessing, tokenizer)
                : new PlainPreferenceModel(ModuleLoading.Load(new ClipModel(config, META), weights, options), preprocessing, tokenizer);
        }
        catch (Exception e) when (e is TokenizerException or InvalidDataException)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    /// <summary>The checkpoint's tensors under the network's own keys.</summary>
    internal static ITensorSource Unwrap(ITensorSource checkpoint) =>
        checkpoint.Tensors.ContainsKey(WrapperPrefix + "logit_scale") ? MappedTensorSource.Below(checkpoint, WrapperPrefix) : checkpoint;

    /// <summary>Preference models are trained with what AutoProcessor loads: the fast tokenizer.</summary>
    internal static ClipTokenizer Tokenizer(string folder) => ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Fast);

    /// <summary>Refuses a model of the other kind by name, where its keys would only be called missing or superfluous.</summary>
    internal static void RequireKind(ITensorSource checkpoint, bool stepAware, string fix)
    {
        var kind = CheckpointKinds.Of(checkpoint);
        if (stepAware && kind == CheckpointKind.Clip)
            throw new CheckpointException($"'{checkpoint.Origin}' is a plain CLIP preference model such as PickScore (it has no adaLN weights); expected a step-aware preference model; {fix}.");
        if (!stepAware && kind == CheckpointKind.StepAwarePreferenceModel)
            throw new CheckpointException($"'{checkpoint.Origin}' is a step-aware preference model (it has adaLN weights); expected a plain CLIP preference model such as PickScore; {fix}.");
    }

    internal static PreferencePreprocessing ReadPreprocessing(string folder, ClipConfig config)
    {
        var path = Path.Combine(folder, "preprocessor_config.json");
        if (!File.Exists(path)) return new PreferencePreprocessing(config.Vision.ImageSize, PixelNormalisation.Clip);
        var processor = ClipImageProcessor.Load(path);
        return processor.Size == config.Vision.ImageSize
            ? new PreferencePreprocessing(processor.Size, processor.Normalisation!)
            : throw new CheckpointException($"'{path}' makes pictures of {processor.Size} pixels; the model's config.json expects {config.Vision.ImageSize}.");
    }

    internal static string FindCheckpoint(string path)
    {
        if (File.Exists(path)) return path;
        if (!Directory.Exists(path)) throw new CheckpointException($"The preference model '{path}' does not exist; expected a folder or a checkpoint file.");
        return FileNames.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists)
            ?? throw new CheckpointException($"The preference model's folder '{path}' holds none of {string.Join(", ", FileNames)}.");
    }
}
