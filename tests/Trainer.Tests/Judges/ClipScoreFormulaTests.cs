using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class ClipScoreFormulaTests
{
    static double[] Doubles(Tensor values) => values.data<double>().ToArray();

    [Fact]
    public void Score_WhenFeaturesHaveAnyLength_IsOfTheirAngle()
    {
        using var scope = NewDisposeScope();
        var score_B = ClipScoreFormula.Of(tensor(new float[,] { { 3, 0 }, { 1, 0 } }), tensor(new float[,] { { 5, 0 }, { -1, 0 } }));
        Assert.Equal([2.5, 0], Doubles(score_B));
    }

    [Fact]
    public void Score_WhenAFeatureIsZero_IsNaN()
    {
        using var scope = NewDisposeScope();
        Assert.True(double.IsNaN(Doubles(ClipScoreFormula.Of(zeros(1, 2), ones(1, 2)))[0]));
    }

    [Fact]
    public void References_WhenThereAreSeveral_TheBestCounts()
    {
        using var scope = NewDisposeScope();
        var (captions_BP, references_RP) = (tensor(new float[,] { { 1, 0 }, { 0, 1 } }), tensor(new float[,] { { 0, -2 }, { 1, 0 }, { 0, 1 } }));
        Assert.Equal([1, -1], Doubles(ClipScoreFormula.OfReferences(captions_BP, references_RP, tensor([1L, 0L, 0L]))));
    }

    [Fact]
    public void References_WhenAnImageHasNone_NamesIt()
    {
        using var scope = NewDisposeScope();
        var e = Assert.Throws<ArgumentException>(() => ClipScoreFormula.OfReferences(ones(2, 2), ones(1, 2), tensor([0L])));
        Assert.Contains("Image 1 has no reference", e.Message, StringComparison.Ordinal);
    }
}
