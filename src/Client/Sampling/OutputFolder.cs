using System.Globalization;

namespace SpoActors.Client.Sampling;

/// <summary>A folder for a command's files alone: what an earlier one drew is neither replaced nor mixed with.</summary>
static class OutputFolder
{
    const int MostTries = 10_000;

    /// <summary>The folder if it is not there or empty, else <c>folder-2</c>, <c>folder-3</c> and so on.</summary>
    /// <exception cref="ClientException">It is a file, or none is free.</exception>
    public static string FreeOf(string folder)
    {
        var path = folder.TrimEnd(Path.DirectorySeparatorChar) is { Length: > 0 } trimmed ? trimmed : folder;
        for (var i = 1; i < MostTries; i++)
        {
            var candidate = i == 1 ? path : string.Create(CultureInfo.InvariantCulture, $"{path}-{i}");
            if (i == 1 && File.Exists(candidate)) throw new ClientException(ExitCode.InvalidInput, $"'{folder}' is a file; --output names a folder.");
            if (!File.Exists(candidate) && (!Directory.Exists(candidate) || !Directory.EnumerateFileSystemEntries(candidate).Any())) return candidate;
        }
        throw new ClientException(ExitCode.InvalidInput, $"'{folder}' and its numbered followers hold files; name another folder with --output.");
    }
}
