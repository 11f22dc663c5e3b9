namespace SpoActors.Architecture.Tests;

public sealed class DependencyDocumentTests
{
    [Fact]
    public void Document_Always_ListsTheDependenciesAsTheyAre()
    {
        var document = File.ReadAllText(DependencyDocument.Path);
        var updated = DependencyDocument.Update(document);
        if (Environment.GetEnvironmentVariable("SPO_UPDATE_DOCS") == "1") File.WriteAllText(DependencyDocument.Path, updated);
        else Assert.True(document == updated, $"the dependencies by folder in docs/architecture.md are out of date; refresh them with `{DependencyDocument.Refresh}`");
    }
}
