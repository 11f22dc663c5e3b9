using SpoActors.ShapesWorld.Tokenizer;
using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Tests;

public sealed class StageRunnerTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("shapes-stage").FullName;
    readonly ShapesDataset data;

    public StageRunnerTests()
    {
        NativeLibtorch.EnsureLoaded();
        // Two threads on a busy machine wait for each other most of the time.
        set_num_threads(1);
        data = new ShapesDataset(3, 48);
        TokenizerFiles.Write(Path.Combine(folder, "tokenizer"));
    }

    public void Dispose()
    {
        data.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(ChainStages.Oracle)]
    [InlineData(ChainStages.Vae)]
    [InlineData(ChainStages.Clip)]
    [InlineData(ChainStages.UNet)]
    public void Run_WhenStageDiesAndIsRunAgain_EndsWithTheSameWeights(string stage)
    {
        Run("whole", () => Create(stage));
        Assert.Throws<InvalidOperationException>(() => Run("broken", () => new DyingStage(Create(stage), at: 3)));
        Run("broken", () => Create(stage));
        Assert.Equal(Hashes("whole"), Hashes("broken"));
    }

    [Fact]
    public void Run_WhenCheckpointIsOfAnotherStage_SaysWhatDiffers()
    {
        Assert.Throws<InvalidOperationException>(() => Run("mixed", () => new DyingStage(Create(ChainStages.Oracle), at: 2)));
        var error = Assert.Throws<CheckpointException>(() => Run("mixed", () => Create(ChainStages.Vae)));
        Assert.Contains("is not a checkpoint of this stage", error.Message, StringComparison.Ordinal);
        Assert.Contains("head.weight is not expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WhenStageIsFinished_DoesNotBuildIt()
    {
        Run("done", () => Create(ChainStages.Oracle));
        Run("done", () => throw new InvalidOperationException("built"));
    }

    void Run(string name, Func<ITrainingStage> create) =>
        new StageRunner(TimeProvider.System, _ => { }) { CheckpointEvery = 1 }.Run(name, Path.Combine(folder, name, "work"), Path.Combine(folder, name, "model"), create, CancellationToken.None);

    List<(string, string)> Hashes(string name)
    {
        var root = Path.Combine(folder, name, "model");
        return [.. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => (Path.GetRelativePath(root, f), AtomicFile.Hash(f)))];
    }

    ITrainingStage Create(string stage) => stage switch
    {
        ChainStages.Oracle => new OracleStage(data, 5),
        ChainStages.Vae => new VaeStage(data, cropSteps: 3, wholeSteps: 2),
        ChainStages.Clip => new ClipStage(data, Tokenizer(), 5),
        _ => new UNetStage(data, Latents(), FrozenText(), 5),
    };

    ClipTokenizer Tokenizer() => ClipTokenizer.FromFolder(Path.Combine(folder, "tokenizer"), ClipTokenizerKind.Slow);

    TextEncoders FrozenText()
    {
        manual_seed(11);
        var encoder = new ClipTextModel(ClipStage.Config.Text);
        encoder.eval();
        return new TextEncoders(Tokenizer(), encoder, CPU);
    }

    Tensor Latents()
    {
        using var generator = new Generator(12);
        return randn([data.Count, 4, 16, 16], generator: generator);
    }

    /// <summary>Ends like a killed process: without a word, after the last checkpoint.</summary>
    sealed class DyingStage(ITrainingStage inner, int at) : ITrainingStage
    {
        public int Steps => inner.Steps;

        public Trainer.Optimization.AdamW Optimizer => inner.Optimizer;

        public IReadOnlyDictionary<string, Tensor> State => inner.State;

        public double LearningRate(int step) => inner.LearningRate(step);

        public double ComputeGradients(int step) => step == at ? throw new InvalidOperationException("killed") : inner.ComputeGradients(step);

        public void AfterUpdate(int step) => inner.AfterUpdate(step);

        public IReadOnlyDictionary<string, double> Export(string target) => inner.Export(target);

        public void Dispose() => inner.Dispose();
    }
}
