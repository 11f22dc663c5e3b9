using System.Globalization;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method.Minibatches;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>
/// Notices during one round that training has diverged, before anything of it is committed: a commit that held a NaN would leave no
/// state to branch off from.
/// </summary>
/// <param name="round">Round, from 0.</param>
/// <param name="adapter">What is trained.</param>
/// <param name="learningRate">For the advice.</param>
/// <param name="scalesLosses">Whether a loss scaler leaves out what is not finite, and says itself when that does not help.</param>
sealed class DivergenceWatch(int round, LoraAdapter adapter, double learningRate, bool scalesLosses)
{
    int minibatches;

    /// <summary>Runs a pass over the round's pairs.</summary>
    /// <exception cref="TrainingDivergedException">Its gradients were not finite.</exception>
    public T Over<T>(Func<T> pass)
    {
        try
        {
            return pass();
        }
        catch (NotFiniteNumberException e)
        {
            throw TrainingDivergedException.At(round, minibatches, e.Message, learningRate, e);
        }
    }

    /// <summary>To be told of every minibatch.</summary>
    /// <exception cref="TrainingDivergedException">Its loss is not finite.</exception>
    public void Passed(MinibatchResult minibatch)
    {
        if (!scalesLosses && !double.IsFinite(minibatch.Loss))
            throw TrainingDivergedException.At(round, minibatches, string.Create(CultureInfo.InvariantCulture, $"the loss is {minibatch.Loss}"), learningRate);
        minibatches++;
    }

    /// <summary>Gradients that wait for the rest of their accumulation become part of the commit.</summary>
    /// <exception cref="TrainingDivergedException">They are not finite.</exception>
    public void CheckUnfinished()
    {
        if (scalesLosses) return;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var bad = adapter.NamedParameters.Where(p => p.Parameter.grad is { } gradient && !gradient.isfinite().all().item<bool>()).Select(p => p.Name).ToArray();
        if (bad.Length > 0)
            throw TrainingDivergedException.At(round, Math.Max(minibatches - 1, 0), $"{bad.Length} accumulated gradients are not finite, {bad[0]} among them", learningRate);
    }
}
