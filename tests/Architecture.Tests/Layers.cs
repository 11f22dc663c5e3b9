using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace SpoActors.Architecture.Tests;

/// <summary>The projects of <c>src</c> and what each may know; the table of <c>docs/architecture.md</c>.</summary>
static class Layers
{
    /// <summary>Project to the projects it may reference.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Allowed = new Dictionary<string, string[]>
    {
        ["Specification"] = [],
        ["Trainer"] = ["Specification"],
        ["Grains.Interfaces"] = ["Specification"],
        ["Grains"] = ["Grains.Interfaces", "Trainer", "Specification"],
        ["Silo"] = ["Grains", "Grains.Interfaces", "Trainer", "Specification"],
        // The sample world, behind the one door that LayerTests knows by name.
        ["Client"] = ["Grains.Interfaces", "Trainer", "Silo", "Specification", "ShapesWorld"],
    };

    /// <summary>Projects that may use Orleans.</summary>
    public static readonly string[] WithOrleans = ["Grains.Interfaces", "Grains", "Silo", "Client"];

    /// <summary>Projects that may use TorchSharp.</summary>
    public static readonly string[] WithTorch = ["Trainer", "Grains", "Silo", "Client"];

    public static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../.."));

    /// <summary>Every project file of <c>src</c> by the project's name.</summary>
    public static IReadOnlyDictionary<string, XDocument> Projects { get; } = Directory
        .GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetFileName(Path.GetDirectoryName(file))!, file => XDocument.Load(file));

    /// <summary>Every project's assembly.</summary>
    public static IReadOnlyDictionary<string, Assembly> Assemblies { get; } = Projects.ToDictionary(
        project => project.Key,
        project => Assembly.LoadFrom(Path.Combine(AppContext.BaseDirectory, (project.Value.Descendants("AssemblyName").FirstOrDefault()?.Value ?? $"SpoActors.{project.Key}") + ".dll")));

    public static IEnumerable<string> References(XDocument project) => project.Descendants("ProjectReference").Select(r => r.Attribute("Include")!.Value.Replace('\\', '/'));

    public static IEnumerable<string> Packages(XDocument project) => project.Descendants("PackageReference").Select(r => r.Attribute("Include")!.Value);

    static string Here([CallerFilePath] string path = "") => path;
}
