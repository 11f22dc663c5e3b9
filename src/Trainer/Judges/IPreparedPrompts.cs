namespace SpoActors.Trainer.Judges;

/// <summary>Prompts as their judge sees them, a row each; opaque to everybody else. Outlives dispose scopes, and is freed by whoever has it.</summary>
public interface IPreparedPrompts : IDisposable
{
    int Count { get; }

    /// <summary>Some of the rows, in the given order; a row may come several times.</summary>
    /// <returns>Owned by the caller.</returns>
    IPreparedPrompts Rows(IReadOnlyList<int> rows);
}
