namespace SpoActors.Tools.Chaos;

/// <summary>What happens to a run.</summary>
/// <param name="Kills">SIGKILLs, in turn to every silo.</param>
/// <param name="Seed">Of everything random.</param>
/// <param name="Zombies">Whether a trainer and a sampler are stopped for longer than their leases, too.</param>
public sealed record ChaosPlan(int Kills, int Seed, bool Zombies)
{
    /// <summary>A kill a round, and some rounds in peace at the end.</summary>
    public int Rounds => Kills + 3;
}

/// <summary>What came of it.</summary>
public sealed record ChaosReport
{
    public required int Seed { get; init; }
    public required int Kills { get; init; }
    public required int SelfEnded { get; init; }
    public required int Zombies { get; init; }
    public required int PostgresRestarts { get; init; }
    public required TimeSpan Undisturbed { get; init; }
    public required TimeSpan Disturbed { get; init; }
    public required (string Adapter, string Digest) Expected { get; init; }
    public required (string Adapter, string Digest) Actual { get; init; }
    public required long TrainerEpochs { get; init; }

    /// <summary>Processes of the cluster after all silos were asked to end.</summary>
    public required int LeftBehind { get; init; }

    public bool IsEqual => Expected == Actual && LeftBehind == 0;

    public override string ToString() =>
        $"""
        {(IsEqual ? "equal" : "DIFFERENT")}: seed {Seed}, {Kills} kills, {Zombies} zombies, {SelfEnded} silos that ended themselves, {PostgresRestarts} restarts of PostgreSQL, {TrainerEpochs} trainer epochs, {LeftBehind} processes left behind
        sequential loop: {Undisturbed.TotalSeconds:f1} s, adapter {Expected.Adapter}, consumed {Expected.Digest}
        this run:        {Disturbed.TotalSeconds:f1} s, adapter {Actual.Adapter}, consumed {Actual.Digest}
        """;
}
