using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>The resolved configuration in a folder of results: written at the start, compared on resume.</summary>
static class StoredConfiguration
{
    /// <summary>Refuses a folder that was made with a configuration whose results would differ.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">Its configuration file.</param>
    /// <param name="given">The configuration now.</param>
    /// <param name="otherwise">What a user may do who wants the new settings.</param>
    /// <exception cref="RunStateException">The folder holds another configuration.</exception>
    public static void Check<T>(string folder, string file, T given, string otherwise) where T : notnull
    {
        if (!File.Exists(file))
        {
            if (!File.Exists(Path.Combine(folder, HeldFolder.ManifestFile))) return;
            throw new RunStateException($"'{folder}' holds a manifest but no config.yaml, so nobody can tell whether it is the same run. Start a run of another name.");
        }
        var differing = ConfigurationDifference.Between(SpecificationYaml.Read<T>(file), given);
        if (differing.Count == 0) return;
        throw new RunStateException(
            $"'{folder}' was made with another configuration; {differing.Count} differing {(differing.Count == 1 ? "key" : "keys")}:" +
            string.Concat(differing.Select(d => $"\n  {d}")) +
            $"\nResume with the run's own settings, {otherwise}. What may change when resuming, docs/configuration.md says of every key.");
    }

    /// <summary>Writes the configuration as it is now.</summary>
    public static void Write(string file, object specification) => AtomicFile.Write(file, System.Text.Encoding.UTF8.GetBytes(SpecificationYaml.Write(specification)));
}
