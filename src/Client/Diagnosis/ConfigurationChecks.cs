using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Files;
using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Diagnosis;

/// <summary>Looks at configurations and what they point to.</summary>
static class ConfigurationChecks
{
    /// <summary>Checks a configuration of any kind.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides"><c>key=value</c>.</param>
    /// <param name="libtorchLoads">Whether models can be looked at.</param>
    /// <param name="oracles">Those that there are.</param>
    public static IEnumerable<Finding> Run(string path, IReadOnlyList<string> overrides, bool libtorchLoads, OracleRegistry oracles)
    {
        try
        {
            return [.. ConfigurationKinds.Of(path) switch
            {
                ConfigurationKind.PreferenceTraining => OfTraining(path, SpecificationFile.LoadPreferenceTraining(path, overrides), libtorchLoads),
                ConfigurationKind.Silo => OfSilo(path, overrides),
                _ => OfRun(path, SpecificationFile.Load(path, overrides), libtorchLoads, oracles),
            }];
        }
        catch (SpecificationException e)
        {
            return [new Finding(path, FindingStatus.Error, e.Message, "Correct the configuration; docs/configuration.md explains every key.")];
        }
    }

    /// <summary>Of a run that was loaded; what is wrong with what it points to is thrown.</summary>
    public static IEnumerable<Finding> OfRun(string path, RunSpecification run, bool libtorchLoads, OracleRegistry oracles)
    {
        oracles.EnsureKnown(run);
        var prompts = TrainingPrompts.Read(run).Texts;
        if (libtorchLoads) RunInputs.Check(run);
        yield return new Finding(path, FindingStatus.Ok, $"valid, {prompts.Count} {(MethodPlan.FlowOf(run) == FlowKind.OwnPairs ? "pairs" : "prompts")}");
        foreach (var warning in PromptWarnings.Of(prompts)) yield return new Finding("prompts", FindingStatus.Warning, warning, "Remove the weights.");
        if (libtorchLoads) yield return new Finding("estimate", FindingStatus.Ok, RunEstimate.Of(run).ToString());
    }

    /// <summary>Of a run for a cluster, whose silos have the models: what this machine brings is looked at.</summary>
    public static IEnumerable<Finding> OfClusterRun(string path, RunSpecification run, OracleRegistry oracles)
    {
        oracles.EnsureKnown(run);
        var prompts = TrainingPrompts.Read(run).Texts;
        if (RunInputs.WithoutRounds(run, prompts) is { } none) throw new SpecificationException($"the run '{run.Name}'", [none]);
        yield return new Finding(path, FindingStatus.Ok, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"valid, {prompts.Count} {(MethodPlan.FlowOf(run) == FlowKind.OwnPairs ? "pairs" : "prompts")}, {new PromptSchedule(prompts, run).RoundCount} rounds"));
        foreach (var warning in PromptWarnings.Of(prompts)) yield return new Finding("prompts", FindingStatus.Warning, warning, "Remove the weights.");
        var paths = new[] { run.Model.Path, run.Model.Vae, new MethodPlan(run).NeedsJudge ? run.Judge.Url ?? run.Judge.Path : null, run.Lora.InitialWeights };
        yield return new Finding("models", FindingStatus.Ok, $"the silos', not looked at here: {string.Join(", ", paths.Where(p => !string.IsNullOrEmpty(p)))}");
    }

    /// <summary>Of a training of a preference model, likewise.</summary>
    public static IEnumerable<Finding> OfTraining(string path, PreferenceTrainingSpecification training, bool libtorchLoads)
    {
        if (!libtorchLoads)
        {
            yield return new Finding(path, FindingStatus.Ok, "valid; its models and pairs were not looked at");
            yield break;
        }
        using var inputs = JudgeInputs.Check(training);
        yield return new Finding(path, FindingStatus.Ok, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"valid, {inputs.TrainingPairs} pairs to train on"));
    }

    static IEnumerable<Finding> OfSilo(string path, IReadOnlyList<string> overrides)
    {
        var settings = SiloSettingsFile.Read(path);
        yield return new Finding(path, FindingStatus.Ok, $"valid, a silo with {string.Join("; ", settings.Devices.Select(d => $"{d.Device}: {string.Join(", ", settings.RolesOf(d))}"))}");
        if (overrides.Count > 0) yield return new Finding(path, FindingStatus.Warning, "--set has no meaning for a silo's settings", "Change the file.");
    }
}
