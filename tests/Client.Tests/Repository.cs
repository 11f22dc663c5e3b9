using System.Runtime.CompilerServices;

namespace SpoActors.Client.Tests;

/// <summary>Where the working tree is.</summary>
static class Repository
{
    static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../.."));

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    static string Here([CallerFilePath] string path = "") => path;
}
