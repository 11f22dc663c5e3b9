using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Tests;

public sealed class CaptionTests
{
    [Theory]
    [InlineData("a red circle", SceneKind.Single, 1)]
    [InlineData("an orange cross", SceneKind.Single, 1)]
    [InlineData("three green hearts", SceneKind.Count, 3)]
    [InlineData("four pink crosses", SceneKind.Count, 4)]
    [InlineData("a red circle and a blue star", SceneKind.Two, 2)]
    [InlineData("a yellow square above a pink cross", SceneKind.Position, 2)]
    [InlineData("a yellow square left of an orange cross", SceneKind.Position, 2)]
    [InlineData("a small blue star and a large red heart", SceneKind.Binding, 2)]
    public void Parse_WhenCaptionIsOfThisWorld_ReadsWhatWriteWrites(string caption, SceneKind kind, int objects)
    {
        var scene = CaptionText.Parse(caption);
        Assert.Equal((kind, objects, caption), (scene.Kind, scene.Objects.Count, scene.Caption));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a red dog")]
    [InlineData("five red circles")]
    [InlineData("two red circle")]
    [InlineData("a red circle beside a blue star")]
    [InlineData("a red circle and a blue star and a green heart")]
    [InlineData("three green hearts above")]
    public void Parse_WhenCaptionIsNot_SaysSo(string caption)
    {
        var error = Assert.Throws<FormatException>(() => CaptionText.Parse(caption));
        Assert.Contains($"'{caption}' is no caption of this world", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Draw_WhenManyCaptionsAreDrawn_AllParseBackAndHaveTwoColours()
    {
        for (uint i = 0; i < 2000; i++)
        {
            var scene = PromptSplit.Draw(1, i, heldOut: i % 2 == 0);
            var read = CaptionText.Parse(scene.Caption);
            Assert.Equal(scene.Objects, read.Objects);
            Assert.Equal(scene.Relation, read.Relation);
            if (scene.Objects.Count == 2 && scene.Kind != SceneKind.Count) Assert.NotEqual(scene.Objects[0].Colour, scene.Objects[1].Colour);
        }
    }

    [Fact]
    public void PromptSplit_WhenBothSidesAreDrawn_ShareNoCombination()
    {
        var training = Enumerable.Range(0, 4000).Select(i => PromptSplit.Draw(1, (uint)i, heldOut: false).Combination).ToHashSet();
        var validation = PromptSplit.Validation(1, 1200);
        Assert.DoesNotContain(validation, s => training.Contains(s.Combination));
        Assert.All(Enum.GetValues<SceneKind>(), kind => Assert.Equal(200, validation.Count(s => s.Kind == kind)));
    }

    [Fact]
    public void PromptSplit_WhenEveryCombinationIsCounted_HoldsOutAboutItsShare()
    {
        var pairs = Enumerable.Range(0, 20000).Select(i => SceneOfAll((uint)i)).Where(s => s.Combination.Family == CombinationFamily.Pair).DistinctBy(s => s.Combination).ToList();
        Assert.InRange(pairs.Count(PromptSplit.IsHeldOut) / (double)pairs.Count, 0.06, 0.14);

        static SceneDescription SceneOfAll(uint index) => PromptSplit.Draw(3, index, heldOut: index % 2 == 0);
    }
}
