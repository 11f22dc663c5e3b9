using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Optimization;

/// <summary>
/// Dynamic loss scaling for float16 (arXiv 1710.03740, section 3.2; the rules of PyTorch's GradScaler): the loss is multiplied by a
/// factor before the backward pass and the gradients are divided by it afterwards, so that they stay above float16's smallest numbers
/// on their way through the model. Where they overflow, the step is left out and the factor is halved; after
/// <see cref="GrowthInterval"/> good steps in a row it is doubled.
/// </summary>
/// <remarks>
/// Factors are powers of two, so scaling and unscaling change no bit of a gradient that float16 can hold. The factor changes only at an
/// optimizer step: gradients that are accumulated towards one step have the same.
/// </remarks>
public sealed class LossScaler
{
    const string ScaleKey = "scaler.scale", CountsKey = "scaler.counts";

    /// <summary>Steps left out in a row, at a factor below 1, after which it is no longer the factor's fault.</summary>
    public const int MostSkipped = 20;

    readonly (string Name, Parameter Parameter)[] parameters;

    /// <param name="parameters">Parameters whose gradients are unscaled, with their names.</param>
    public LossScaler(IEnumerable<(string Name, Parameter Parameter)> parameters) => this.parameters = [.. parameters];

    /// <summary>The factor now. PyTorch begins at 2^16.</summary>
    public double Scale { get; private set; } = 65536;

    /// <summary>Good steps in a row that double the factor; PyTorch's default.</summary>
    public int GrowthInterval { get; init; } = 2000;

    /// <summary>Good steps since the factor last changed.</summary>
    public long GoodSteps { get; private set; }

    /// <summary>Steps left out since the last good one.</summary>
    public long SkippedInARow { get; private set; }

    /// <summary>
    /// Divides the gradients by the factor, in place, and settles whether they can be used. Call it once for each optimizer step, before
    /// clipping; where it says false, drop the gradients.
    /// </summary>
    /// <returns>Whether every gradient is finite.</returns>
    /// <exception cref="NotFiniteNumberException">Step after step overflows although the factor has fallen below 1: the loss itself is not finite, or diverges.</exception>
    public bool Unscale()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var gradients = parameters.Select(p => (p.Name, Gradient: p.Parameter.grad)).Where(g => g.Gradient is not null).ToArray();
        // One transfer from the device.
        var finite = gradients.Length == 0 || stack(gradients.Select(g => g.Gradient!.isfinite().all())).all().item<bool>();
        if (finite)
        {
            foreach (var (_, gradient) in gradients) gradient!.mul_(1 / Scale);
            SkippedInARow = 0;
            // For the next step; this one no longer needs it.
            if (++GoodSteps >= GrowthInterval) (Scale, GoodSteps) = (Grown(), 0);
            return true;
        }
        (Scale, GoodSteps) = (Scale / 2, 0);
        if (++SkippedInARow >= MostSkipped && Scale < 1) throw Hopeless(gradients);
        return false;
    }

    /// <summary>The state: <c>scaler.scale</c> (float32) and <c>scaler.counts</c> (int64: good steps, steps skipped in a row); the caller's to dispose.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => new Dictionary<string, Tensor>(StringComparer.Ordinal)
    {
        [ScaleKey] = tensor(new[] { (float)Scale }),
        [CountsKey] = tensor(new[] { GoodSteps, SkippedInARow }),
    };

    /// <summary>Takes a saved state over; training then goes on bit for bit.</summary>
    /// <exception cref="ArgumentException">It is not a loss scaler's.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        NamedState.Check("the loss scaler", State(), state);
        Scale = state[ScaleKey].cpu().item<float>();
        var counts = state[CountsKey].cpu().data<long>().ToArray();
        (GoodSteps, SkippedInARow) = (counts[0], counts[1]);
    }

    // Beyond float32's range the factor would make every gradient infinite.
    double Grown() => Math.Min(Scale * 2, Math.ScaleB(1, 126));

    NotFiniteNumberException Hopeless((string Name, Tensor? Gradient)[] gradients)
    {
        var names = gradients.Where(g => !g.Gradient!.isfinite().all().item<bool>()).Select(g => g.Name).ToArray();
        return new NotFiniteNumberException(
            $"{SkippedInARow} optimizer steps in a row were left out because gradients were not finite, and the loss scale has fallen to {Scale:g3}; not finite: " +
            string.Join(", ", names.Take(5)) + (names.Length > 5 ? $" and {names.Length - 5} more" : "") +
            ". " + AdamW.Advice);
    }
}
