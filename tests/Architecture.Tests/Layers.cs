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
        ["Plugins"] = ["Trainer", "Specification"],
        ["Grains.Interfaces"] = ["Specification"],
        ["Grains"] = ["Grains.Interfaces", "Trainer", "Specification"],
        ["Clustering"] = ["Specification"],
        ["Silo"] = ["Grains", "Grains.Interfaces", "Clustering", "Plugins", "Trainer", "Specification"],
        ["Client"] = ["Grains", "Grains.Interfaces", "Clustering", "Plugins", "Trainer", "Specification"],
    };

    /// <summary>The folders of the trainer in their order: each may use only those above it.</summary>
    public static readonly string[] TrainerFolders =
    [
        "Native", "Devices", "Storage", "Randomness", "Imaging", "Tokenization", "Checkpoints", "Datasets", "Progress", "Models", "Lora", "Diffusion",
        "Pipelines", "Optimization", "Judges", "Objectives", "Method", "Evaluation", "Probing", "Runs",
    ];

    /// <summary>Projects that may use Orleans.</summary>
    public static readonly string[] WithOrleans = ["Grains.Interfaces", "Grains", "Clustering", "Silo", "Client"];

    /// <summary>Projects that may use TorchSharp.</summary>
    public static readonly string[] WithTorch = ["Trainer", "Plugins", "Grains", "Silo", "Client"];

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
