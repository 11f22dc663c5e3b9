namespace SpoActors.Silo.Tests.Processes;

/// <summary>Tests that start processes run one after the other, and beside no others: they need the machine.</summary>
[CollectionDefinition(nameof(OneAtATime), DisableParallelization = true)]
public sealed class OneAtATime;
