namespace SpoActors.Trainer.Models;

/// <summary>
/// What a denoiser is conditioned on besides the timestep, a row for each image. Opaque to everybody but the model that made it: others
/// gather, repeat and join rows.
/// </summary>
/// <remarks>New instances are views or new tensors in the caller's dispose scope; <see cref="Keep"/> takes one out of it.</remarks>
public abstract record Conditioning : IDisposable
{
    /// <summary>Images it is for.</summary>
    public abstract long Count { get; }

    /// <summary>Rows in a row of their own, in the order given; a row may be asked for several times.</summary>
    public abstract Conditioning Gather(IReadOnlyList<int> rows);

    /// <summary>All rows, then all again: the order of a batch whose paths each hold all prompts.</summary>
    public abstract Conditioning Repeat(int copies);

    /// <summary>These rows, then the other's.</summary>
    public abstract Conditioning Join(Conditioning next);

    /// <summary>Takes its tensors out of the dispose scope; from now on the owner frees them.</summary>
    public abstract Conditioning Keep();

    /// <summary>Frees its tensors.</summary>
    public abstract void Dispose();
}
