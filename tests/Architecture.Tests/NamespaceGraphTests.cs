namespace SpoActors.Architecture.Tests;

public sealed class NamespaceGraphTests
{
    static readonly NamespaceGraph Graph = NamespaceGraph.Of("Architecture.Tests.Circles", typeof(NamespaceGraphTests).Assembly.Location);

    [Fact]
    public void Circles_WhenABodyAndAnAttributeCloseOne_NamesItsTwoSidesAlone() => Assert.Equal(
        ["Left uses Right: InABody uses InAnAttribute", "Right uses Left: InAnAttribute uses InABody"], Graph.Circles());

    [Fact]
    public void DeepCircles_WhenThereIsOne_NamesIt() => Assert.Equal(2, Graph.DeepCircles().Count);

    [Fact]
    public void UsedBy_WhenAFolderUsesAnother_HasIt() => Assert.Equal(["Left"], Graph.UsedBy("Above"));
}
