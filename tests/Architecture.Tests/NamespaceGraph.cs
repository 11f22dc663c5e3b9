using Mono.Cecil;

namespace SpoActors.Architecture.Tests;

/// <summary>
/// Which namespaces of a project use which, by what is compiled: signatures, attributes and method bodies. A <c>using</c> line alone uses
/// nothing. What generators wrote does not count.
/// </summary>
sealed class NamespaceGraph
{
    /// <summary>The folder of types that stand in the project's own namespace.</summary>
    public const string Root = ".";

    readonly string project;
    readonly SortedSet<string> folders = new(StringComparer.Ordinal);
    readonly HashSet<(string From, string To)> namespaces = [];
    readonly SortedDictionary<(string From, string To), string> examples = [];
    readonly SortedSet<(string Folder, string Project)> projects = [];

    NamespaceGraph(string project) => this.project = project;

    /// <summary>First-level folders with types in them.</summary>
    public IReadOnlyCollection<string> Folders => folders;

    /// <summary>Uses between first-level folders.</summary>
    public IEnumerable<(string From, string To)> Uses => examples.Keys;

    public static NamespaceGraph Of(string project) => Of(project, Layers.Assemblies[project].Location);

    /// <param name="project">The project, which is also its namespace below SpoActors.</param>
    /// <param name="path">Its assembly.</param>
    public static NamespaceGraph Of(string project, string path)
    {
        var graph = new NamespaceGraph(project);
        using var assembly = AssemblyDefinition.ReadAssembly(path);
        foreach (var type in assembly.MainModule.GetTypes().Where(t => graph.IsOwn(Outermost(t))))
            foreach (var used in TypeUses.Of(type)) graph.Add(Outermost(type), Outermost(used));
        return graph;
    }

    /// <summary>The folders of the project that a folder uses, other than itself.</summary>
    public IEnumerable<string> UsedBy(string folder) => Uses.Where(u => u.From == folder).Select(u => u.To);

    /// <summary>The other projects that a folder uses.</summary>
    public IEnumerable<string> ProjectsUsedBy(string folder) => projects.Where(u => u.Folder == folder).Select(u => u.Project);

    /// <summary>A use, and two types that show it.</summary>
    public string Example((string From, string To) use) => $"{use.From} uses {use.To}: {examples[use]}";

    /// <summary>Folders, each after those that it uses; members of a circle are left out.</summary>
    public IReadOnlyList<string> InOrder() => Sort(folders, Uses.ToHashSet()).Order;

    /// <summary>Folders that use each other in a circle, as examples; empty where there is none.</summary>
    public IReadOnlyList<string> Circles() => [.. Sort(folders, Uses.ToHashSet()).Left.Select(Example)];

    /// <summary>The same for all namespaces; one and those below it count as one house.</summary>
    public IReadOnlyList<string> DeepCircles()
    {
        var uses = namespaces.Where(u => !IsBelow(u.From, u.To) && !IsBelow(u.To, u.From)).ToHashSet();
        return [.. Sort(uses.SelectMany(u => new[] { u.From, u.To }).Distinct(), uses).Left.Select(u => $"{u.From} uses {u.To}").Order(StringComparer.Ordinal)];

        static bool IsBelow(string inner, string outer) => inner.StartsWith(outer + ".", StringComparison.Ordinal);
    }

    /// <summary>Takes away what uses nothing that is left, and then what nothing that is left uses: circles remain.</summary>
    static (IReadOnlyList<string> Order, IReadOnlyList<(string From, string To)> Left) Sort(IEnumerable<string> nodes, HashSet<(string From, string To)> uses)
    {
        var (order, left, open) = (new List<string>(), new SortedSet<string>(nodes, StringComparer.Ordinal), new HashSet<(string From, string To)>(uses));
        while (left.FirstOrDefault(n => !open.Any(u => u.From == n)) is { } lowest)
        {
            order.Add(lowest);
            left.Remove(lowest);
            open.RemoveWhere(u => u.To == lowest);
        }
        while (left.FirstOrDefault(n => !open.Any(u => u.To == n)) is { } highest)
        {
            left.Remove(highest);
            open.RemoveWhere(u => u.From == highest);
        }
        return (order, [.. open.OrderBy(u => u.From, StringComparer.Ordinal)]);
    }

    void Add(TypeReference user, TypeReference used)
    {
        var from = Folder(user);
        folders.Add(from);
        if (used.Scope is AssemblyNameReference other)
        {
            if (Layers.Assemblies.FirstOrDefault(a => a.Value.GetName().Name == other.Name).Key is { } name) projects.Add((from, name));
            return;
        }
        if (!IsOwn(used)) return;
        var to = Folder(used);
        if (user.Namespace != used.Namespace) namespaces.Add((user.Namespace, used.Namespace));
        if (from != to) examples.TryAdd((from, to), $"{user.Name} uses {used.Name}");
    }

    bool IsOwn(TypeReference type) => (type.Namespace + ".").StartsWith($"SpoActors.{project}.", StringComparison.Ordinal);

    string Folder(TypeReference type) => type.Namespace.Length > $"SpoActors.{project}.".Length ? type.Namespace[$"SpoActors.{project}.".Length..].Split('.')[0] : Root;

    static TypeReference Outermost(TypeReference type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
