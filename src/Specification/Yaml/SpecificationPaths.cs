using SpoActors.Specification.Texts;

namespace SpoActors.Specification.Yaml;

/// <summary>Where relative paths of a configuration lead.</summary>
public static class SpecificationPaths
{
    /// <summary>
    /// Makes all input paths absolute: the first of the given folders that holds one decides. A path that none holds is taken from the
    /// first folder, and validation reports it. A leading ~ or $HOME is the user's folder. The output folder belongs to the first.
    /// </summary>
    public static RunSpecification Resolve(RunSpecification run, params IReadOnlyList<string> folders) => run with
    {
        Output = InFirst(run.Output, folders),
        Model = Resolve(run.Model, folders),
        Judge = Resolve(run.Judge, folders),
        Prompts = run.Prompts with { Path = Find(run.Prompts.Path, folders) },
        Data = run.Data with { Path = Find(run.Data.Path, folders), Cache = run.Data.Cache is { } cache ? InFirst(cache, folders) : null },
        Lora = run.Lora with { InitialWeights = FindOptional(run.Lora.InitialWeights, folders) },
    };

    /// <inheritdoc cref="Resolve(RunSpecification, IReadOnlyList{string})"/>
    public static PreferenceTrainingSpecification Resolve(PreferenceTrainingSpecification training, params IReadOnlyList<string> folders) => training with
    {
        Output = InFirst(training.Output, folders),
        Model = Resolve(training.Model, folders),
        Start = training.Start with { Path = Find(training.Start.Path, folders), Processor = FindOptional(training.Start.Processor, folders) },
        Data = training.Data with
        {
            Train = [.. training.Data.Train.Select(p => Find(p, folders))],
            Validation = [.. training.Data.Validation.Select(p => Find(p, folders))],
        },
    };

    static T Resolve<T>(T judge, IReadOnlyList<string> folders) where T : JudgeSettings => judge with
    {
        Path = Find(judge.Path, folders),
        Processor = FindOptional(judge.Processor, folders),
        TokenFile = FindOptional(judge.TokenFile, folders),
        Members = [.. judge.Members.Select(m => Resolve(m, folders))],
    };

    static ModelSpecification Resolve(ModelSpecification model, IReadOnlyList<string> folders) =>
        model with { Path = Find(model.Path, folders), Vae = FindOptional(model.Vae, folders) };

    static string InFirst(string path, IReadOnlyList<string> folders) => Path.GetFullPath(UserPath.Expand(path), folders[0]);

    static string Find(string path, IReadOnlyList<string> folders)
    {
        if (path.Length == 0) return path;
        path = UserPath.Expand(path);
        var candidates = folders.Select(folder => Path.GetFullPath(path, folder)).ToArray();
        return candidates.FirstOrDefault(Path.Exists) ?? candidates[0];
    }

    static string? FindOptional(string? path, IReadOnlyList<string> folders) => path is null ? null : Find(path, folders);
}
