using CsCheck;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>A run in small, for random schedules.</summary>
/// <param name="Capacity">Items leased or scored at a time; a round's at least.</param>
sealed record Schedule(int Seed, int Samplers, int Staleness, int Rounds, int Items, int Capacity)
{
    /// <summary>Random ones up to these sizes; <paramref name="spare"/> is capacity beyond a round.</summary>
    public static Gen<Schedule> UpTo(int samplers, int staleness, int rounds, int items, int spare) =>
        from seed in Gen.Int[0, int.MaxValue]
        from someSamplers in Gen.Int[1, samplers]
        from someStaleness in Gen.Int[0, staleness]
        from someRounds in Gen.Int[1, rounds]
        from someItems in Gen.Int[1, items]
        from someSpare in Gen.Int[0, spare]
        select new Schedule(seed, someSamplers, someStaleness, someRounds, someItems, someItems + someSpare);
}
