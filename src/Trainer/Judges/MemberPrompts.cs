namespace SpoActors.Trainer.Judges;

/// <summary>The same prompts as each of several judges sees them, and which rows are of one prompt.</summary>
sealed class MemberPrompts : IPreparedPrompts
{
    readonly IReadOnlyList<IPreparedPrompts> members;

    MemberPrompts(IReadOnlyList<IPreparedPrompts> members, IReadOnlyList<int> origins) => (this.members, Origins) = (members, origins);

    public static MemberPrompts Prepare(IReadOnlyList<IJudge> judges, IReadOnlyList<string> prompts) =>
        new([.. judges.Select(j => j.Prepare(prompts))], [.. Enumerable.Range(0, prompts.Count)]);

    public IPreparedPrompts this[int member] => members[member];

    /// <summary>For each row the place of its prompt among those that were prepared.</summary>
    public IReadOnlyList<int> Origins { get; }

    public int Count => Origins.Count;

    public IPreparedPrompts Rows(IReadOnlyList<int> rows) => new MemberPrompts([.. members.Select(m => m.Rows(rows))], [.. rows.Select(r => Origins[r])]);

    public void Dispose()
    {
        foreach (var member in members) member.Dispose();
    }
}
