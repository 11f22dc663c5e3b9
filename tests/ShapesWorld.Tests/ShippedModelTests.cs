using SpoActors.ShapesWorld.Evaluation;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Packaging;
using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Native;

namespace SpoActors.ShapesWorld.Tests;

/// <summary>The weights in <c>models/shapes-world</c>.</summary>
public sealed class ShippedModelTests
{
    static readonly string Model = Repository.PathOf("models/shapes-world");

    public ShippedModelTests()
    {
        NativeLibtorch.EnsureLoaded();
        TorchSharp.torch.set_num_threads(1);
    }

    [Fact]
    public void Package_Always_IsWholeAndSmall()
    {
        Assert.True(File.Exists(Path.Combine(Model, FileManifest.FileName)));
        Assert.Empty(FileManifest.Check(Model, compareHashes: true));
        Assert.InRange(Directory.EnumerateFiles(Model, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length), 1, ShapesPackage.MostBytes);
    }

    [Fact]
    public void Oracle_OnRenders_IsAsGoodAsTheDocumentationSays()
    {
        using var oracle = ShapesOracle.Load(Path.Combine(Model, ChainStages.Oracle));
        var validation = OracleValidation.Run(oracle, seed: 5, count: 200);
        Assert.InRange(validation.CleanStrict, 0.97, 1);
        Assert.InRange(validation.DegradedStrict, 0.95, 1);
        Assert.InRange(validation.WrongCaptionStrict, 0, 0.06);
        Assert.InRange(validation.Correlation, 0.9, 1);
        Assert.True(validation.IsMonotone);
        Assert.All(validation.CheckCorrelations, c => Assert.InRange(Math.Abs(c.Value), 0.5, 1));
    }

    [Fact]
    public void Evaluation_WithMoreWorkers_GivesTheSameFigures()
    {
        var settings = new EvaluationSettings { Prompts = 6, Steps = 3, BatchSize = 3 };
        var evaluation = new ModelEvaluation(Model, settings);
        var cancel = TestContext.Current.CancellationToken;
        var (one, two) = (evaluation.Run(null, 1, _ => { }, cancel), evaluation.Run(null, 2, _ => { }, cancel));
        Assert.Equal(EvaluationComparison.Of(one, null, 1).Metrics, EvaluationComparison.Of(two, null, 1).Metrics);
    }
}
