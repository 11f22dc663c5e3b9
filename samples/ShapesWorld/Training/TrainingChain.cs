using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Preference;
using SpoActors.ShapesWorld.Tokenizer;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tokenization;
using static SpoActors.ShapesWorld.Training.ChainStages;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// The chain from nothing to a text-to-image model and its step-aware preference model. A work folder holds a folder for each stage, with its checkpoint, and <c>model</c>,
/// a diffusers folder that fills up stage by stage. Run again, it goes on where it stopped.
/// </summary>
public sealed class TrainingChain(ChainSettings settings, string workFolder, TimeProvider time, Action<ChainProgress> report)
{
    readonly StageRunner runner = new(time, report) { CheckpointEvery = settings.CheckpointEvery, ReportEvery = settings.ReportEvery };

    /// <summary>The model folder.</summary>
    public string Model => Path.Combine(workFolder, "model");

    /// <summary>Runs the given stages, or goes on with them.</summary>
    /// <exception cref="CheckpointException">A stage needs one that is not finished, or a checkpoint is of other settings.</exception>
    public void Run(IReadOnlyCollection<string> stages, CancellationToken cancel)
    {
        DiffusersIndex.Write(Model);
        TokenizerFiles.Write(Path.Combine(Model, "tokenizer"));
        using var data = new ShapesDataset(settings.Seed, settings.Images);
        foreach (var stage in Stages.Concat(ExtraStages).Where(stages.Contains)) Run(stage, data, cancel);
    }

    void Run(string stage, ShapesDataset data, CancellationToken cancel)
    {
        switch (stage)
        {
            case Oracle:
                runner.Run(stage, FolderOf(stage), Path.Combine(Model, Oracle), () => new OracleStage(data, settings.OracleSteps), cancel);
                break;
            case Vae:
                runner.Run(stage, FolderOf(stage), Path.Combine(Model, Vae), () => new VaeStage(data, settings.VaeCropSteps, settings.VaeWholeSteps), cancel);
                break;
            case Clip:
                runner.Run(stage, FolderOf(stage), Model, () => new ClipStage(data, Tokenizer(), settings.ClipSteps), cancel);
                break;
            case UNet:
                RunUNet(data, cancel);
                break;
            case Preferences:
                MakePreferences(cancel);
                break;
            case PickScore:
                Require(stage, Clip, Preferences);
                runner.Run(stage, FolderOf(stage), Path.Combine(Model, PickScore),
                    () => new PickScoreStage(LoadClip(), Pairs(), Tokenizer(), settings.PickScoreSteps), cancel);
                break;
            default:
                RunSpm(stage, cancel);
                break;
        }
    }

    void RunUNet(ShapesDataset data, CancellationToken cancel)
    {
        if (StageRunner.IsDone(FolderOf(UNet))) return;
        Require(UNet, Vae, Clip);
        using var autoencoder = LatentDecoderLoading.Load(new ModelSpecification { Path = Model });
        using var text = new TextEncoders(Tokenizer(), LoadTextEncoder(), CPU);
        var latents_NChw = LatentCache.Load(Path.Combine(FolderOf(UNet), "latents.safetensors"), data, autoencoder, cancel);
        runner.Run(UNet, FolderOf(UNet), Path.Combine(Model, UNet), () => new UNetStage(data, latents_NChw, text, settings.UNetSteps), cancel);
    }

    void MakePreferences(CancellationToken cancel)
    {
        if (StageRunner.IsDone(FolderOf(Preferences))) return;
        Require(Preferences, UNet, Oracle);
        using var model = DiffusionModel.Load(new ModelSpecification { Path = Model });
        using var oracle = ShapesOracle.Load(Path.Combine(Model, Oracle));
        var started = time.GetTimestamp();
        new PreferenceImages(model, oracle, settings.Seed ^ 0x9EF, settings.PromptsOfAFile).Create(FolderOf(Preferences), settings.PreferenceFiles, done =>
            report(new ChainProgress(Preferences, done, settings.PreferenceFiles, 0, time.GetElapsedTime(started) / done * (settings.PreferenceFiles - done))), cancel);
        StageRunner.MarkDone(FolderOf(Preferences), new Dictionary<string, double>());
    }

    void RunSpm(string stage, CancellationToken cancel)
    {
        if (StageRunner.IsDone(FolderOf(stage))) return;
        Require(stage, UNet, Preferences, PickScore);
        var training = new SpmStage(settings, Model, FolderOf(Preferences), time);
        StageRunner.MarkDone(FolderOf(stage), training.Run(FolderOf(stage), stepConditioning: stage == Spm, report, cancel));
    }

    PairSource Pairs() => new(FolderOf(Preferences), settings.Seed);

    void Require(string stage, params string[] others)
    {
        foreach (var needed in others)
            if (!StageRunner.IsDone(FolderOf(needed)))
                throw new CheckpointException($"the stage '{stage}' needs '{needed}', which is not finished in '{workFolder}'; train it first.");
    }

    ClipTextModel LoadTextEncoder()
    {
        var model = Load("text_encoder", config => new ClipTextModel(ClipTextConfig.Load(config), META));
        model.eval();
        return model;
    }

    ClipModel LoadClip() => Load(Clip, config => new ClipModel(ClipConfig.Load(config), META));

    /// <summary>A finished part of the model, in float32.</summary>
    T Load<T>(string part, Func<string, T> create) where T : nn.Module
    {
        var folder = Path.Combine(Model, part);
        using var source = ComponentWeights.Open(folder);
        return ModuleLoading.Load(create(Path.Combine(folder, "config.json")), source, new LoadOptions { Dtype = ScalarType.Float32 });
    }

    ClipTokenizer Tokenizer() => ClipTokenizer.FromFolder(Path.Combine(Model, "tokenizer"), ClipTokenizerKind.Slow);

    string FolderOf(string stage) => Path.Combine(workFolder, stage);
}
