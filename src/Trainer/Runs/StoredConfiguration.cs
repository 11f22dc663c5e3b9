using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>The resolved configuration in a folder of results: written at the start, compared on resume.</summary>
static class StoredConfiguration
{
    /// <summary>Refuses a folder that was made with a configuration whose results would differ, then writes the given one.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">Its configuration file.</param>
    /// <param name="specification">The configuration now.</param>
    /// <param name="identifying">Sets everything that does not decide what is computed to one value.</param>
    /// <param name="mayChange">What the user may change, for the message.</param>
    /// <exception cref="RunStateException">The folder holds another configuration.</exception>
    public static void CheckAndWrite<T>(HeldFolder folder, string file, T specification, Func<T, T> identifying, string mayChange)
        where T : notnull
    {
        if (folder.IsResumed) Check(folder.Path, file, specification, identifying, mayChange);
        AtomicFile.Write(file, System.Text.Encoding.UTF8.GetBytes(SpecificationYaml.Write(specification)));
    }

    static void Check<T>(string folder, string file, T given, Func<T, T> identifying, string mayChange) where T : notnull
    {
        if (!File.Exists(file))
        {
            if (!File.Exists(Path.Combine(folder, HeldFolder.ManifestFile))) return;
            throw new RunStateException($"'{folder}' holds a manifest but no config.yaml, so nobody can tell whether it is the same run. Start a run of another name.");
        }
        var differing = ConfigurationDifference.Between(identifying(SpecificationYaml.Read<T>(file)), identifying(given));
        if (differing.Count == 0) return;
        throw new RunStateException(
            $"'{folder}' was made with another configuration; {differing.Count} differing {(differing.Count == 1 ? "key" : "keys")}:" +
            string.Concat(differing.Select(d => $"\n  {d}")) +
            $"\nResume with the run's own settings, or start a run of another name. {mayChange}");
    }
}
