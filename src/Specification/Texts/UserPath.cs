namespace SpoActors.Specification.Texts;

/// <summary>Paths as people write them: a shell replaces <c>~</c> and <c>$HOME</c> on a command line, but nobody does in a file.</summary>
public static class UserPath
{
    static readonly string[] Homes = ["~", "$HOME", "${HOME}"];

    /// <summary>The path with <c>~</c>, <c>$HOME</c> or <c>${HOME}</c> at its beginning replaced by the user's folder.</summary>
    public static string Expand(string path)
    {
        foreach (var home in Homes)
            if (path.StartsWith(home, StringComparison.Ordinal) && (path.Length == home.Length || path[home.Length] == '/'))
                return Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + path[home.Length..];
        return path;
    }
}
