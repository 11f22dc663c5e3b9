using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Datasets;

namespace SpoActors.Trainer.Method;

/// <summary>What a run's rounds are cut from: the lines of its prompt file, or the captions of its own pairs.</summary>
/// <param name="Texts">The prompts, in the order of the file.</param>
/// <param name="Hash">
/// Identifies what is trained on, wherever it lies: the prompts (<see cref="PromptList.Hash"/>), or the data set with its verdicts and images
/// (<see cref="PairDataset.Hash"/>).
/// </param>
public sealed record TrainingPrompts(IReadOnlyList<string> Texts, string Hash)
{
    /// <summary>A list of prompts.</summary>
    public static TrainingPrompts Of(IReadOnlyList<string> texts) => new(texts, PromptList.Hash(texts));

    /// <summary>A data set's captions.</summary>
    public static TrainingPrompts Of(PairDataset pairs) => new([.. Enumerable.Range(0, pairs.Count).Select(row => pairs[row].Caption)], pairs.Hash);

    /// <exception cref="SpecificationException">The file or the data set cannot be used; everything that is wrong is listed.</exception>
    public static TrainingPrompts Read(RunSpecification run) => MethodPlan.FlowOf(run) == FlowKind.OwnPairs ? Of(OwnPairs(run)) : Of(PromptFile.Read(run.Prompts));

    /// <summary>The run's own pairs.</summary>
    /// <exception cref="SpecificationException">They cannot be used.</exception>
    public static PairDataset OwnPairs(RunSpecification run)
    {
        var problems = new List<Problem>();
        var pairs = PairDataset.Open(run.Data, problems);
        return problems.Count == 0 ? pairs : throw new SpecificationException($"the pairs of the run '{run.Name}'", problems);
    }
}
