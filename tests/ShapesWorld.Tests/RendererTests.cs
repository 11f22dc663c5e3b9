using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Tests;

public sealed class RendererTests
{
    static byte[] Render(SceneDescription description, Quality quality, uint index = 0)
    {
        using var renderer = new SceneRenderer();
        return renderer.Render(SceneGenerator.Create(description, 5, index, quality));
    }

    [Fact]
    public void Render_WhenSceneIsTheSame_GivesTheSameBytes()
    {
        using var one = new SceneRenderer();
        using var other = new SceneRenderer();
        // The first renderer has drawn something else before.
        one.Render(SceneGenerator.Training(5, 1));
        Assert.Equal(one.Render(SceneGenerator.Training(5, 2)), other.Render(SceneGenerator.Training(5, 2)));
        Assert.NotEqual(one.Render(SceneGenerator.Training(5, 2)), one.Render(SceneGenerator.Training(6, 2)));
    }

    [Theory]
    [InlineData(Colour.Red), InlineData(Colour.Orange), InlineData(Colour.Yellow), InlineData(Colour.Green)]
    [InlineData(Colour.Blue), InlineData(Colour.Purple), InlineData(Colour.Pink), InlineData(Colour.Brown)]
    public void Render_WhenObjectIsFlatAndClean_HasItsColourAtItsCentre(Colour colour)
    {
        var description = new SceneDescription(SceneKind.Single, [new ObjectWords(colour, Shape.Circle)]);
        var scene = SceneGenerator.Create(description, 5, 0, new Quality(0, 0, 0, 0));
        var image = Render(description, scene.Quality);
        var at = ((int)scene.Objects[0].Y * Scene.Size + (int)scene.Objects[0].X) * 3;
        for (var c = 0; c < 3; c++) Assert.Equal(SceneRenderer.Rgb(colour)[c], image[at + c], 1.0);
    }

    [Fact]
    public void Shapes_WhenRadiusIsOne_CoverSimilarAreas()
    {
        foreach (var shape in Enum.GetValues<Shape>())
        {
            var description = new SceneDescription(SceneKind.Single, [new ObjectWords(Colour.Blue, shape)]);
            var scene = SceneGenerator.Create(description, 5, 0, new Quality(0, 0, 0, 0));
            var image = Render(description, scene.Quality);
            var covered = Enumerable.Range(0, Scene.Size * Scene.Size).Count(p => image[p * 3] < 120);
            Assert.InRange(covered / (scene.Objects[0].Radius * scene.Objects[0].Radius), 1.5, 3.3);
        }
    }

    [Fact]
    public void Checks_WhenNoiseGrows_NoiseGrows() => AssertMonotone(q => q.Noise, i => new Quality(0, 0.03 * i, 0, 0.5), rising: true);

    [Fact]
    public void Checks_WhenBlurGrows_SharpnessFalls() => AssertMonotone(q => q.Sharpness, i => new Quality(0.37 * i, 0, 0, 0.5), rising: false);

    [Fact]
    public void Checks_WhenColoursWashOut_SaturationFalls() => AssertMonotone(q => q.Saturation, i => new Quality(0, 0, 0.15 * i, 0.5), rising: false);

    static void AssertMonotone(Func<ImageChecks, double> measure, Func<int, Quality> degrade, bool rising)
    {
        var levels = Enumerable.Range(0, 5).Select(level => Enumerable.Range(0, 24)
            .Average(i => measure(ImageChecks.Of(Render(PromptSplit.Draw(9, (uint)i, heldOut: true), degrade(level), (uint)i))))).ToList();
        for (var level = 1; level < levels.Count; level++)
            Assert.True(rising ? levels[level] > levels[level - 1] : levels[level] < levels[level - 1], string.Join(" ", levels));
    }
}
