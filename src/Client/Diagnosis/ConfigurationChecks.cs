using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Diagnosis;

/// <summary>Looks at configurations and what they point to.</summary>
static class ConfigurationChecks
{
    public static Finding Run(string path, bool libtorchLoads, OracleRegistry oracles)
    {
        try
        {
            var run = SpecificationFile.Load(path);
            oracles.EnsureKnown(run);
            var prompts = TrainingPrompts.Read(run);
            if (libtorchLoads) RunInputs.Check(run);
            return new Finding(path, FindingStatus.Ok, $"valid, {prompts.Count} {(MethodPlan.FlowOf(run) == FlowKind.OwnPairs ? "pairs" : "prompts")}");
        }
        catch (SpecificationException e)
        {
            return new Finding(path, FindingStatus.Error, e.Message, "Correct the configuration; docs/configuration.md explains every key.");
        }
    }
}
