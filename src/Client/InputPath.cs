using SpoActors.Specification.Texts;

namespace SpoActors.Client;

/// <summary>Paths on a command line.</summary>
static class InputPath
{
    /// <summary>Refuses what is there but never ends, such as a pipe; a folder may be what is wanted.</summary>
    /// <exception cref="ClientException">It is neither a regular file nor a folder nor missing.</exception>
    public static string Readable(string path)
    {
        var expanded = UserPath.Expand(path);
        if (File.Exists(expanded) && RegularFile.Obstacle(expanded) is { } obstacle)
            throw new ClientException(ExitCode.InvalidInput, $"'{path}' is {obstacle}; expected a regular file or a folder.");
        return expanded;
    }
}
