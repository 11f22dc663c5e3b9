using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Pipelines.Inspection;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>Preference models in transformers' layout: the step-aware one, the same without step conditioning, and PickScore.</summary>
public static class ClipJudgeLoading
{
    /// <summary>The temperature's key: it stays float32, since 100 in bfloat16 may be 99 or 102.</summary>
    internal const string LogitScale = "logit_scale";

    /// <summary>Published checkpoints of the step-aware model wrap the network.</summary>
    const string WrapperPrefix = "model.";

    static readonly string[] FileNames =
        ["model.safetensors", "step_aware_preference_model.safetensors", "pytorch_model.bin", "step_aware_preference_model.bin"];

    /// <summary>The judge that a section names: its checkpoint, and a folder with config, tokenizer and preprocessor.</summary>
    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static ClipJudge Load(JudgeSettings judge, Device device)
    {
        var checkpoint = FindCheckpoint(judge.Path);
        using var source = CheckpointFile.Open(checkpoint);
        return Load(source, JudgeFiles.Processor(judge.Processor, checkpoint), judge.Kind, device, judge.Dtype.ToScalarType());
    }

    /// <summary>The same from an open checkpoint.</summary>
    /// <param name="checkpoint">Weights, with or without the prefix <c>model.</c>; position_ids are ignored.</param>
    /// <param name="folder">Holds config.json, preprocessor_config.json and, unless one is given, the tokenizer.</param>
    /// <param name="kind">spm, clip or pickscore.</param>
    /// <param name="device">Where the judge computes.</param>
    /// <param name="dtype">Element type of its towers.</param>
    /// <param name="tokenizer">Instead of the folder's.</param>
    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static ClipJudge Load(ITensorSource checkpoint, string folder, JudgeKind kind, Device device, ScalarType dtype, IPromptTokenizer? tokenizer = null)
    {
        var stepAware = kind == JudgeKind.Spm;
        RequireKind(checkpoint, stepAware, stepAware ? "set judge.kind: clip to use a model without step conditioning" : "set judge.kind: spm to use it");
        var config = ClipConfig.Load(Path.Combine(folder, "config.json"));
        var resizing = ReadPreprocessing(folder, config);
        IImagePreprocessing preprocessing = kind == JudgeKind.Pickscore
            ? new PicturePreprocessing(new ClipImageProcessor(resizing.Size, resizing.Normalisation).Process)
            : resizing;
        tokenizer ??= Tokenizer(folder, config.Text);
        var options = new LoadOptions { Device = device, Dtype = dtype, InFloat32 = key => key == LogitScale };
        var (name, weights) = (JudgeNames.Of(kind), Unwrap(checkpoint));
        return stepAware
            ? new StepAwarePreferenceModel(name, ModuleLoading.Load(new TimeConditionedClipModel(config, META), weights, options), preprocessing, tokenizer)
            : new PlainClipJudge(name, ModuleLoading.Load(new ClipModel(config, META), weights, options), preprocessing, tokenizer);
    }

    internal static string FindCheckpoint(string path) => JudgeFiles.FindCheckpoint(path, FileNames);

    /// <summary>The checkpoint's tensors under the network's own keys.</summary>
    internal static ITensorSource Unwrap(ITensorSource checkpoint) =>
        checkpoint.Tensors.ContainsKey(WrapperPrefix + LogitScale) ? MappedTensorSource.Below(checkpoint, WrapperPrefix) : checkpoint;

    /// <summary>Preference models are trained with what AutoProcessor loads: the fast tokenizer.</summary>
    /// <param name="folder">Holds it.</param>
    /// <param name="tower">The tower that it must fit; null where that is unknown.</param>
    /// <exception cref="CheckpointException">It is not the text tower's.</exception>
    internal static ClipTokenizer Tokenizer(string folder, ClipTextConfig? tower)
    {
        var tokenizer = ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Fast);
        if (tower is not null) TokenizerFit.Require(tokenizer, tower, folder);
        return tokenizer;
    }

    /// <summary>Refuses a model of the other kind by name, where its keys would only be called missing or superfluous.</summary>
    internal static void RequireKind(ITensorSource checkpoint, bool stepAware, string fix)
    {
        var kind = CheckpointKinds.Of(checkpoint);
        if (stepAware && kind == CheckpointKind.Clip)
            throw new CheckpointException($"'{checkpoint.Origin}' is a plain CLIP preference model such as PickScore (it has no adaLN weights); expected a step-aware preference model; {fix}.");
        if (!stepAware && kind == CheckpointKind.StepAwarePreferenceModel)
            throw new CheckpointException($"'{checkpoint.Origin}' is a step-aware preference model (it has adaLN weights); expected a plain CLIP preference model such as PickScore; {fix}.");
    }

    internal static JudgePreprocessing ReadPreprocessing(string folder, ClipConfig config)
    {
        if (ClipImageProcessor.InFolder(folder) is not var (processor, path)) return new JudgePreprocessing(config.Vision.ImageSize, PixelNormalisation.Clip);
        return processor.Size == config.Vision.ImageSize
            ? new JudgePreprocessing(processor.Size, processor.Normalisation!)
            : throw new CheckpointException($"'{path}' makes pictures of {processor.Size} pixels; the model's config.json expects {config.Vision.ImageSize}.");
    }
}
