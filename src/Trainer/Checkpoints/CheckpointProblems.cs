namespace SpoActors.Trainer.Checkpoints;

/// <summary>Collects what is wrong with a checkpoint, so that one error names it all.</summary>
sealed class CheckpointProblems
{
    const int Listed = 20;

    readonly List<string> problems = [];

    public int Count => problems.Count;

    public void Add(string problem) => problems.Add(problem);

    /// <exception cref="CheckpointException">Something was wrong.</exception>
    public void ThrowIfAny(string what)
    {
        if (problems.Count == 0) return;
        if (problems is [var only]) throw new CheckpointException($"{what}: {only}.");
        var more = problems.Count > Listed ? $"\n  and {problems.Count - Listed} more" : "";
        throw new CheckpointException($"{what}:\n  {string.Join("\n  ", problems.Take(Listed))}{more}");
    }
}
