using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;

namespace SpoActors.Trainer.Runs;

/// <summary>What makes a run the same run when it is resumed.</summary>
/// <param name="Configuration">Hash of the settings that decide what is computed (<see cref="SpecificationYaml.Identity"/>).</param>
/// <param name="Prompts">Hash of the list or data set that is trained on (<see cref="TrainingPrompts.Hash"/>): its file may move, its content may not change.</param>
public sealed record RunIdentity(string Configuration, string Prompts)
{
    public static RunIdentity Of(RunSpecification run, TrainingPrompts prompts) => new(SpecificationYaml.Identity(run), prompts.Hash);
}
