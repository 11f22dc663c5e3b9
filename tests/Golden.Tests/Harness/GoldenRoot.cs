using System.Runtime.CompilerServices;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>Where the cases are: <c>$SPO_GOLDEN</c>, else <c>tests/data/golden</c> of this repository.</summary>
static class GoldenRoot
{
    public static string Folder { get; } = Environment.GetEnvironmentVariable("SPO_GOLDEN") is { Length: > 0 } named ? Path.GetFullPath(named) : InRepository();

    static string InRepository([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../data/golden"));
}
