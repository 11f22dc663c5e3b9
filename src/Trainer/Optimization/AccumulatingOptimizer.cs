using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Optimization;

/// <summary>What an optimizer step did.</summary>
/// <param name="GradientNorm">L2 norm of all gradients together, unscaled and before clipping; NaN where the step was left out.</param>
/// <param name="LearningRate">Of this step.</param>
/// <param name="LossScale">The factor on the loss in its backward passes; null without loss scaling.</param>
/// <param name="WasSkipped">Left out, because scaled gradients overflowed: no parameter changed and the schedule did not advance.</param>
public sealed record OptimizerStep(double GradientNorm, double LearningRate, double? LossScale, bool WasSkipped);

/// <summary>
/// AdamW with what stands around it in a training loop, in the order of accelerate (0.24): gradients of several minibatches are
/// averaged, unscaled, checked, clipped, applied at the schedule's rate, and dropped.
/// </summary>
/// <example><code>
/// optimizer.Backward(loss);
/// if (optimizer.Advance(isLast) is { WasSkipped: false }) average.Update();
/// </code></example>
public sealed class AccumulatingOptimizer : IDisposable
{
    const string CountsKey = "counts";

    readonly AdamW adam;
    readonly LossScaler? scaler;
    readonly LearningRateSchedule schedule;
    readonly int accumulation;
    long pending;

    /// <param name="parameters">Parameters with their names, which identify them in the saved state.</param>
    /// <param name="settings">AdamW, schedule and loss scaling.</param>
    /// <param name="accumulation">Minibatches of an optimizer step.</param>
    /// <param name="dtype">Type that the model computes in: float16 asks for loss scaling, unless the settings say otherwise.</param>
    /// <param name="plannedSteps">Optimizer steps of the whole run, where they are known.</param>
    public AccumulatingOptimizer(
        IEnumerable<(string Name, Parameter Parameter)> parameters, OptimizerSpecification settings, int accumulation, NumberType dtype, long? plannedSteps = null)
    {
        (string, Parameter)[] named = [.. parameters];
        adam = new AdamW(named, settings);
        schedule = new LearningRateSchedule(settings, plannedSteps);
        this.accumulation = accumulation;
        if (settings.LossScaling == LossScaling.Dynamic || (settings.LossScaling == LossScaling.Auto && dtype == NumberType.Float16)) scaler = new LossScaler(named);
    }

    /// <summary>Minibatches so far.</summary>
    public long Minibatches { get; private set; }

    /// <summary>Optimizer steps that changed the parameters; the schedule's time.</summary>
    public long Steps { get; private set; }

    /// <summary>Whether losses are scaled: a loss or gradient that is not finite then leaves a step out, and is not the end.</summary>
    public bool ScalesLosses => scaler is not null;

    /// <summary>Whether the next minibatch adds to gradients that are there already: they are part of a checkpoint then.</summary>
    public bool IsAccumulating => pending > 0;

    /// <summary>Adds the gradients of a minibatch.</summary>
    /// <param name="loss">The minibatch's mean loss, one element; neither scaled nor divided.</param>
    public void Backward(Tensor loss)
    {
        using var scope = NewDisposeScope();
        var share = loss / accumulation;
        Backpropagation.Run(scaler is null ? share : share * scaler.Scale);
    }

    /// <summary>Counts the minibatch whose gradients have been added, and steps where it completes an optimizer step.</summary>
    /// <param name="isLast">
    /// The end of a pass that leaves nothing over: it steps in any case, and counting begins anew. What has been accumulated is still
    /// divided by the full number of minibatches.
    /// </param>
    /// <returns>The step; null where it only accumulated.</returns>
    /// <exception cref="NotFiniteNumberException">A gradient is not finite, and scaling is not to blame; no parameter was changed.</exception>
    public OptimizerStep? Advance(bool isLast = false)
    {
        Minibatches++;
        if (++pending < accumulation && !isLast) return null;
        pending = 0;
        var (rate, scale) = (schedule.At(Steps), scaler?.Scale);
        var step = new OptimizerStep(double.NaN, rate, scale, WasSkipped: true);
        if (scaler is null || scaler.Unscale())
        {
            adam.LearningRate = rate;
            step = step with { GradientNorm = adam.Step(), WasSkipped = false };
            Steps++;
        }
        adam.ZeroGrad();
        return step;
    }

    /// <summary>
    /// The state: AdamW's, the loss scaler's if there is one, and <c>counts</c> (int64: minibatches, those towards the next step, steps).
    /// The gradients of an unfinished step are the parameters' and are to be saved with them, as they are.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State() => adam.State().Concat(scaler?.State() ?? new Dictionary<string, Tensor>())
        .Append(new(CountsKey, tensor(new[] { Minibatches, pending, Steps }))).ToDictionary(StringComparer.Ordinal);

    /// <summary>Takes a saved state over; training then goes on bit for bit.</summary>
    /// <param name="state">The state.</param>
    /// <param name="minibatches">Minibatches so far, for a state of an earlier release, which has no counts: what was left over was carried then.</param>
    /// <exception cref="ArgumentException">It is not of these parameters and settings; everything missing, superfluous or misshaped is listed.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state, long? minibatches = null)
    {
        using var scope = NewDisposeScope();
        if (minibatches is { } before && !state.ContainsKey(CountsKey))
            state = new Dictionary<string, Tensor>(state) { [CountsKey] = tensor(new[] { before, before % accumulation, before / accumulation }) };
        NamedState.Check("the optimizer", State(), state);
        adam.LoadState(Part(adam.State()));
        scaler?.LoadState(Part(scaler.State()));
        var counts = state[CountsKey].cpu().data<long>().ToArray();
        (Minibatches, pending, Steps) = (counts[0], counts[1], counts[2]);

        Dictionary<string, Tensor> Part(IReadOnlyDictionary<string, Tensor> own) => own.Keys.ToDictionary(k => k, k => state[k]);
    }

    public void Dispose() => adam.Dispose();
}
