using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>Identity of a pair within a run; pairs are ordered by it before the shuffle, so arrival order never matters.</summary>
/// <param name="Round">Round.</param>
/// <param name="Item">Index of the item in the round.</param>
/// <param name="Step">Denoising step.</param>
/// <param name="PromptIndex">Index of the prompt in the round.</param>
public readonly record struct PairId(int Round, int Item, int Step, int PromptIndex) : IComparable<PairId>
{
    /// <summary>Round, item, step, prompt: the order in which the reference's sampler emits the pairs of one batch.</summary>
    public int CompareTo(PairId other) =>
        (Round, Item, Step, PromptIndex).CompareTo((other.Round, other.Item, other.Step, other.PromptIndex));

    public override string ToString() => $"{Round}/{Item}/{Step}/{PromptIndex}";

    public static bool operator <(PairId left, PairId right) => left.CompareTo(right) < 0;
    public static bool operator >(PairId left, PairId right) => left.CompareTo(right) > 0;
    public static bool operator <=(PairId left, PairId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(PairId left, PairId right) => left.CompareTo(right) >= 0;
}

/// <summary>A win and a lose transition of one prompt at one timestep. Owns its tensors (float32, [C, H, W]).</summary>
public sealed class PreferencePair : IDisposable
{
    public required PairId Id { get; init; }

    /// <summary>t.</summary>
    public required long Timestep { get; init; }

    /// <summary>Which candidates won and lost; part of the consumed digest.</summary>
    public required (int Win, int Lose) Candidates { get; init; }

    /// <summary>x_t of the win transition.</summary>
    public required Tensor CurrentWin { get; init; }

    /// <summary>x_t of the lose transition: the very same tensor as <see cref="CurrentWin"/> where they share it.</summary>
    public required Tensor CurrentLose { get; init; }

    /// <summary>x_{t-1} of the win transition.</summary>
    public required Tensor NextWin { get; init; }

    /// <summary>x_{t-1} of the lose transition.</summary>
    public required Tensor NextLose { get; init; }

    /// <summary>Whether one forward pass serves win and lose.</summary>
    public bool SharesCurrent => ReferenceEquals(CurrentWin, CurrentLose);

    public void Dispose()
    {
        CurrentWin.Dispose();
        CurrentLose.Dispose();
        NextWin.Dispose();
        NextLose.Dispose();
    }
}
