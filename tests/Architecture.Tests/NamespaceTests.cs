namespace SpoActors.Architecture.Tests;

public sealed class NamespaceTests
{
    public static TheoryData<string> Projects => [.. Layers.Projects.Keys];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Folders_Always_AreWithoutCircles(string project) => Assert.Empty(NamespaceGraph.Of(project).Circles());

    [Theory]
    [MemberData(nameof(Projects))]
    public void Namespaces_Always_AreWithoutCirclesAtAnyDepth(string project) => Assert.Empty(NamespaceGraph.Of(project).DeepCircles());

    [Fact]
    public void FoldersOfTheTrainer_Always_UseOnlyThoseAboveThem()
    {
        var graph = NamespaceGraph.Of("Trainer");
        Assert.Empty(graph.Uses.Where(use => Place(use.To) > Place(use.From)).Select(graph.Example));

        static int Place(string folder) => Array.IndexOf(Layers.TrainerFolders, folder);
    }

    [Fact]
    public void FoldersOfTheTrainer_Always_AreThoseInTheList()
    {
        string[] there = [.. Directory.GetDirectories(Path.Combine(Layers.Root, "src/Trainer")).Select(f => Path.GetFileName(f)!).Where(f => f is not ("bin" or "obj"))];
        Assert.Equal(Layers.TrainerFolders.Order(StringComparer.Ordinal), there.Order(StringComparer.Ordinal));
        Assert.Empty(NamespaceGraph.Of("Trainer").Folders.Except(Layers.TrainerFolders));
    }
}
