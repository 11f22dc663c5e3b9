namespace SpoActors.Grains.Interfaces.Workers;

/// <summary>Whether the caller is the run's trainer.</summary>
public enum TrainerStanding
{
    Current,

    /// <summary>The run grain has lost its ledger: send <see cref="Training.TrainerReady"/>.</summary>
    NeedsSync,

    /// <summary>Another trainer has taken over: stop, and commit nothing.</summary>
    Superseded,
}
