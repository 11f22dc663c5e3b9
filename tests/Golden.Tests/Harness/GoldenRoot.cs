using System.Runtime.CompilerServices;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>Where the cases are: <c>$SPO_GOLDEN</c> names one folder, else those of <c>tests/data</c> of this repository count that are there.</summary>
static class GoldenRoot
{
    static readonly string[] InRepository = ["golden", "golden2"];

    /// <summary>The folders of areas, by name; a name is that of its folder.</summary>
    public static IReadOnlyDictionary<string, string> Folders { get; } = Find().ToDictionary(f => Path.GetFileName(f), StringComparer.Ordinal);

    static IEnumerable<string> Find() => Environment.GetEnvironmentVariable("SPO_GOLDEN") is { Length: > 0 } named
        ? [Path.TrimEndingDirectorySeparator(Path.GetFullPath(named))]
        : InRepository.Select(name => Path.Combine(TestData(), name)).Where(Directory.Exists);

    static string TestData([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../data"));
}
