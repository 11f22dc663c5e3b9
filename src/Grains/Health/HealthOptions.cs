namespace SpoActors.Grains.Health;

/// <summary>When a worker that fails is kept from work.</summary>
public sealed record HealthOptions
{
    /// <summary>Failures in a row, on different items, after which a worker is quarantined.</summary>
    public int Strikes { get; init; } = 3;

    /// <summary>Rest after a first failure; doubled with each that follows.</summary>
    public TimeSpan Rest { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A first quarantine; doubled with each that follows.</summary>
    public TimeSpan Quarantine { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest quarantine.</summary>
    public TimeSpan Longest { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Quarantines in a row of every worker of a role after which the run pauses: nobody is left to try.</summary>
    public int GiveUp { get; init; } = 3;
}
