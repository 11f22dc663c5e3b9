using System.Text;

namespace SpoActors.Architecture.Tests;

/// <summary>The list of dependencies by folder in <c>docs/architecture.md</c>, between two markers.</summary>
static class DependencyDocument
{
    public const string Refresh = "SPO_UPDATE_DOCS=1 dotnet test --project tests/Architecture.Tests -c Release";

    const string Begin = "<!-- dependencies by folder: written by `" + Refresh + "` -->\n", End = "<!-- end of the dependencies -->\n";

    public static string Path { get; } = System.IO.Path.Combine(Layers.Root, "docs/architecture.md");

    /// <summary>The document with the list as it is now.</summary>
    public static string Update(string document)
    {
        var (begin, end) = (document.IndexOf(Begin, StringComparison.Ordinal), document.IndexOf(End, StringComparison.Ordinal));
        Assert.True(begin >= 0 && end > begin, $"docs/architecture.md lacks the line {Begin}or, below it, {End}");
        return document[..(begin + Begin.Length)] + List() + document[end..];
    }

    static string List()
    {
        var text = new StringBuilder();
        foreach (var project in Layers.Allowed.Keys)
        {
            var graph = NamespaceGraph.Of(project);
            text.Append($"\n`src/{project}`\n\n| folder | uses of it | other projects |\n|---|---|---|\n");
            foreach (var folder in project == "Trainer" ? Layers.TrainerFolders : graph.InOrder())
                text.Append($"| {Name(folder)} | {Names(graph.UsedBy(folder))} | {Names(graph.ProjectsUsedBy(folder))} |\n");
        }
        return text.Append('\n').ToString();

        static string Names(IEnumerable<string> folders) => string.Join(", ", folders.Select(Name));

        static string Name(string folder) => folder == NamespaceGraph.Root ? "(root)" : folder;
    }
}
