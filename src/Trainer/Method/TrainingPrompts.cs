using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Datasets;

namespace SpoActors.Trainer.Method;

/// <summary>What a run's rounds are cut from: the lines of its prompt file, or the captions of its own pairs.</summary>
public static class TrainingPrompts
{
    /// <exception cref="SpecificationException">The file or the data set cannot be used; everything that is wrong is listed.</exception>
    public static IReadOnlyList<string> Read(RunSpecification run)
    {
        if (MethodPlan.FlowOf(run) != FlowKind.OwnPairs) return PromptFile.Read(run.Prompts);
        var pairs = OwnPairs(run);
        return [.. Enumerable.Range(0, pairs.Count).Select(row => pairs[row].Caption)];
    }

    /// <summary>The run's own pairs.</summary>
    /// <exception cref="SpecificationException">They cannot be used.</exception>
    public static PairDataset OwnPairs(RunSpecification run)
    {
        var problems = new List<Problem>();
        var pairs = PairDataset.Open(run.Data, problems);
        return problems.Count == 0 ? pairs : throw new SpecificationException($"the pairs of the run '{run.Name}'", problems);
    }
}
