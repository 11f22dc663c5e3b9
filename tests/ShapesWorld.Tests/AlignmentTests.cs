using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Tests;

public sealed class AlignmentTests
{
    static FoundObject Found(Colour colour, Shape shape, double x = 32, double y = 32, double radius = 10) => new(colour, shape, x, y, radius, 1);

    static Alignment Of(string caption, params FoundObject[] found) => Alignment.Of(CaptionText.Parse(caption), found);

    [Fact]
    public void Alignment_WhenObjectsAreTheCaptions_IsStrict() =>
        Assert.Equal(new Alignment(true, 1), Of("a red circle and a blue star", Found(Colour.Blue, Shape.Star), Found(Colour.Red, Shape.Circle)));

    [Fact]
    public void Alignment_WhenColoursAreSwapped_IsNothing() =>
        Assert.Equal(new Alignment(false, 0), Of("a red circle and a blue star", Found(Colour.Red, Shape.Star), Found(Colour.Blue, Shape.Circle)));

    [Fact]
    public void Alignment_WhenOneOfThreeIsMissing_IsF1()
    {
        var heart = Found(Colour.Green, Shape.Heart);
        Assert.Equal(new Alignment(false, 0.8), Of("three green hearts", heart, heart));
    }

    [Fact]
    public void Alignment_WhenNothingIsFound_IsZero() => Assert.Equal(new Alignment(false, 0), Of("a red circle"));

    [Theory]
    [InlineData("a red circle left of a blue star", 10, 30, 50, 30, true)]
    [InlineData("a red circle left of a blue star", 50, 30, 10, 30, false)]
    [InlineData("a red circle left of a blue star", 30, 10, 33, 50, false)]
    [InlineData("a red circle right of a blue star", 50, 30, 10, 30, true)]
    [InlineData("a red circle above a blue star", 30, 10, 30, 50, true)]
    [InlineData("a red circle below a blue star", 30, 10, 30, 50, false)]
    public void Alignment_WhenCaptionHasARelation_ItCounts(string caption, double x1, double y1, double x2, double y2, bool holds) =>
        Assert.Equal(new Alignment(holds, holds ? 1 : 0.6), Of(caption, Found(Colour.Red, Shape.Circle, x1, y1), Found(Colour.Blue, Shape.Star, x2, y2)));

    [Theory]
    [InlineData(8, 14, true)]
    [InlineData(14, 8, false)]
    public void Alignment_WhenCaptionHasSizes_TheyCount(double star, double heart, bool holds) =>
        Assert.Equal(holds, Of("a small blue star and a large red heart", Found(Colour.Blue, Shape.Star, radius: star), Found(Colour.Red, Shape.Heart, radius: heart)).Strict);
}
