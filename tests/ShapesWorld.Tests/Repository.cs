using System.Runtime.CompilerServices;

namespace SpoActors.ShapesWorld.Tests;

/// <summary>Files of the repository.</summary>
static class Repository
{
    public static string PathOf(string relative) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../..", relative));

    static string Here([CallerFilePath] string path = "") => path;
}
