using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// The backward pass of a loss. An exception that leaves a function of ours inside it would cross native code and end the process, so a
/// recomputed block (<see cref="GradientCheckpoint"/>) keeps it, gives no gradients, and it is thrown here, when the pass is over.
/// </summary>
public static class Backpropagation
{
    [ThreadStatic]
    static RecomputationFailure? here;

    /// <summary>Where the blocks of this thread's forward passes leave what fails when they are recomputed, on whatever thread that is.</summary>
    internal static RecomputationFailure Here
    {
        get => here ??= new RecomputationFailure();
        set => here = value;
    }

    /// <summary>Adds a loss's gradients to those of the parameters it depends on. Called on the thread that computed the loss.</summary>
    /// <param name="loss">A number.</param>
    /// <exception cref="Exception">What a recomputed block threw; the gradients are incomplete then and must not be used.</exception>
    public static void Run(Tensor loss)
    {
        Here.Clear();
        try
        {
#pragma warning disable RS0030 // The one place that is meant.
            loss.backward();
#pragma warning restore RS0030
        }
        catch (Exception) when (Here.HasFailed)
        {
            // The pass stumbled over the gradients that a failed block did not give.
        }
        Here.Rethrow();
    }
}

/// <summary>The first exception of the blocks recomputed in one backward pass.</summary>
sealed class RecomputationFailure
{
    volatile ExceptionDispatchInfo? first;

    /// <summary>Runs a recomputation; once one has failed, the others of the pass are not begun.</summary>
    /// <param name="recompute">May throw.</param>
    /// <param name="nothing">The result in place of one that failed.</param>
    public T Guard<T>(Func<T> recompute, Func<T> nothing)
    {
        if (first is not null) return nothing();
        // Blocks inside this one are run forward again on this thread, which may be one of the engine's.
        var before = Backpropagation.Here;
        Backpropagation.Here = this;
        try
        {
            return recompute();
        }
        catch (Exception e)
        {
            first ??= ExceptionDispatchInfo.Capture(e);
            return nothing();
        }
        finally
        {
            Backpropagation.Here = before;
        }
    }

    public bool HasFailed => first is not null;

    public void Clear() => first = null;

    public void Rethrow()
    {
        var thrown = first;
        Clear();
        thrown?.Throw();
    }
}
