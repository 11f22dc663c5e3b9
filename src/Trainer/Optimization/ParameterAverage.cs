using SpoActors.Specification;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Optimization;

/// <summary>
/// An exponential moving average of named parameters: average = decay average + (1 - decay) value, begun as a copy of the parameters.
/// With the settings' ramps ratio and power it is diffusers' EMAModel (0.26.1), with ramp none the plain average of GradSPO's slow copy
/// and of Linear-DPO's reference.
/// </summary>
public sealed class ParameterAverage : IDisposable
{
    const string ValuePrefix = "average.", UpdatesKey = "average_updates";

    readonly (string Name, Parameter Parameter)[] parameters;
    readonly Dictionary<string, Tensor> values;
    readonly EmaSpecification settings;

    /// <param name="parameters">Parameters with their names, which identify them in the saved state.</param>
    /// <param name="settings">A decay, and how it rises.</param>
    /// <exception cref="ArgumentException">There is no decay.</exception>
    public ParameterAverage(IEnumerable<(string Name, Parameter Parameter)> parameters, EmaSpecification settings)
    {
        if (settings.Decay is null) throw new ArgumentException("an average needs a decay; set optimizer.ema.decay", nameof(settings));
        this.settings = settings;
        this.parameters = [.. parameters];
        values = this.parameters.ToDictionary(p => p.Name, p => Copy(p.Parameter), StringComparer.Ordinal);

        static Tensor Copy(Parameter parameter)
        {
            using var scope = NewDisposeScope();
            return parameter.detach().clone().DetachFromDisposeScope();
        }
    }

    /// <summary>The plain average: the same decay from the first update on.</summary>
    public static EmaSpecification Plain(double decay) => new() { Decay = decay, Ramp = EmaRamp.None };

    /// <summary>The averages by the parameters' names: the live tensors, of the parameters' types and on their devices.</summary>
    public IReadOnlyDictionary<string, Tensor> Values => values;

    /// <summary>Updates so far.</summary>
    public long Updates { get; private set; }

    /// <summary>Takes the parameters' present values in; usually after each optimizer step.</summary>
    /// <returns>The decay used.</returns>
    public double Update()
    {
        using var noGradient = no_grad();
        var decay = DecayAt(settings, ++Updates);
        foreach (var (name, parameter) in parameters)
        {
            using var scope = NewDisposeScope();
            var average = values[name];
            if (decay == 0) average.copy_(parameter);
            else average.sub_((average - parameter).mul_(1 - decay));
        }
        return decay;
    }

    /// <summary>The decay of an update, counted from 1; 0 makes the average a copy.</summary>
    /// <remarks>
    /// With a ramp the first update is always a copy, whatever min_decay says: diffusers counts n from the update after it. Without one
    /// averaging begins at once, or after update_after_step copies.
    /// </remarks>
    public static double DecayAt(EmaSpecification settings, long update)
    {
        var most = settings.Decay ?? 0;
        if (settings.Ramp == EmaRamp.None) return update <= settings.UpdateAfterStep ? 0 : most;
        var n = update - settings.UpdateAfterStep - 1;
        if (n <= 0) return 0;
        var risen = settings.Ramp == EmaRamp.Power
            ? 1 - Math.Pow(1 + n / settings.InvGamma, -settings.Power)
            : (1.0 + n) / (10 + n);
        return Math.Max(Math.Min(risen, most), settings.MinDecay);
    }

    /// <summary>The state: <c>average.NAME</c>, the live tensors, and <c>average_updates</c> (int64), which is the caller's to dispose.</summary>
    public IReadOnlyDictionary<string, Tensor> State()
    {
        var state = values.ToDictionary(v => ValuePrefix + v.Key, v => v.Value, StringComparer.Ordinal);
        state[UpdatesKey] = tensor(new[] { Updates });
        return state;
    }

    /// <summary>Copies a saved state in; averaging then goes on bit for bit.</summary>
    /// <exception cref="ArgumentException">It is not of these parameters; everything missing, superfluous or misshaped is listed.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        NamedState.Check("the average", State(), state);
        foreach (var (name, value) in values) value.copy_(state[ValuePrefix + name]);
        Updates = state[UpdatesKey].cpu().item<long>();
    }

    public void Dispose()
    {
        foreach (var value in values.Values) value.Dispose();
        values.Clear();
    }
}
