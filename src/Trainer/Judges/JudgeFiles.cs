using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Judges;

/// <summary>Where a judge's files are.</summary>
static class JudgeFiles
{
    /// <summary>The path itself if it is a file, else the first of the given names that the folder holds.</summary>
    /// <exception cref="CheckpointException">There is none.</exception>
    public static string FindCheckpoint(string path, params IReadOnlyList<string> names)
    {
        if (File.Exists(path)) return path;
        if (!Directory.Exists(path)) throw new CheckpointException($"The judge '{path}' does not exist; expected a folder or a checkpoint file.");
        return names.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists)
            ?? throw new CheckpointException($"The judge's folder '{path}' holds none of {string.Join(", ", names)}.");
    }

    /// <summary>The folder of what the checkpoint lacks: the given one, or that of the checkpoint.</summary>
    public static string Processor(string? processor, string checkpoint) => processor ?? Path.GetDirectoryName(Path.GetFullPath(checkpoint))!;
}
