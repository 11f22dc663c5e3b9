using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>The plain preference model that training starts from, checked but not loaded.</summary>
/// <param name="Checkpoint">Its weights' file.</param>
/// <param name="Processor">Folder of its config, preprocessing and tokenizer.</param>
/// <param name="Config">Its sizes.</param>
/// <param name="Preprocessing">Size and normalisation.</param>
/// <param name="Tokenizer">Its tokenizer.</param>
sealed record StartingFiles(string Checkpoint, string Processor, ClipConfig Config, JudgePreprocessing Preprocessing, ClipTokenizer Tokenizer)
{
    /// <summary>Looks at the files; null where there is a problem.</summary>
    public static StartingFiles? Check(StartSpecification start, List<Problem> problems)
    {
        var before = problems.Count;
        var checkpoint = problems.Try("start.path", "a plain CLIP preference model such as PickScore", () =>
        {
            var file = ClipJudgeLoading.FindCheckpoint(start.Path);
            using var source = CheckpointFile.Open(file);
            ClipJudgeLoading.RequireKind(source, stepAware: false, "training starts from a model without step conditioning and adds it");
            return file;
        });
        if (checkpoint is null && start.Processor is null) return null;
        var processor = start.Processor ?? Path.GetDirectoryName(Path.GetFullPath(checkpoint!))!;
        var key = start.Processor is null ? "start.path" : "start.processor";
        var config = problems.Try(key, "a folder with a CLIP's config.json", () => ClipConfig.Load(Path.Combine(processor, "config.json")));
        var tokenizer = problems.Try(key, "a folder with the CLIP's tokenizer", () => ClipJudgeLoading.Tokenizer(processor, config?.Text));
        var preprocessing = config is null ? null : problems.Try(key, "a preprocessor_config.json of the model's size", () => ClipJudgeLoading.ReadPreprocessing(processor, config));
        return problems.Count > before ? null : new StartingFiles(checkpoint!, processor, config!, preprocessing!, tokenizer!);
    }

    /// <summary>The network to be trained, on a device.</summary>
    public JudgeNetwork Network(bool stepAware, ulong seed, Device device)
    {
        using var source = CheckpointFile.Open(Checkpoint);
        var network = JudgeNetwork.From(source, Config, stepAware, seed);
        network.MoveTo(device);
        return network;
    }

    /// <summary>The model itself as the one that labels the pairs.</summary>
    public PairLabelling Labelling(double threshold, Device device)
    {
        using var source = CheckpointFile.Open(Checkpoint);
        var judge = ModuleLoading.Load(new ClipModel(Config, META), ClipJudgeLoading.Unwrap(source), new LoadOptions { Dtype = ScalarType.Float32, Device = device });
        return new PairLabelling(judge, new ClipImageProcessor(Preprocessing.Size, Preprocessing.Normalisation), Tokenizer, threshold);
    }
}
