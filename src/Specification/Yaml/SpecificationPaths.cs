namespace SpoActors.Specification.Yaml;

/// <summary>Where relative paths of a configuration lead.</summary>
public static class SpecificationPaths
{
    /// <summary>
    /// Makes all input paths absolute: the first of the given folders that holds one decides. A path that none holds is taken from the
    /// first folder, and validation reports it. The output folder belongs to the first.
    /// </summary>
    public static RunSpecification Resolve(RunSpecification run, params IReadOnlyList<string> folders)
    {
        return run with
        {
            Output = Path.GetFullPath(run.Output, folders[0]),
            Model = run.Model with { Path = Find(run.Model.Path), Vae = FindOptional(run.Model.Vae) },
            Preference = run.Preference with { Path = Find(run.Preference.Path), Processor = FindOptional(run.Preference.Processor) },
            Prompts = run.Prompts with { Path = Find(run.Prompts.Path) },
            Lora = run.Lora with { InitialWeights = FindOptional(run.Lora.InitialWeights) },
        };

        string Find(string path)
        {
            if (path.Length == 0) return path;
            var candidates = folders.Select(folder => Path.GetFullPath(path, folder)).ToArray();
            return candidates.FirstOrDefault(Path.Exists) ?? candidates[0];
        }

        string? FindOptional(string? path) => path is null ? null : Find(path);
    }
}
