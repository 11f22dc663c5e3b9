using SpoActors.Specification;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Optimization;

/// <summary>
/// AdamW (arXiv 1711.05101) over named float32 parameters, in the arithmetic order of PyTorch's single-tensor implementation.
/// </summary>
/// <remarks>
/// Own code because TorchSharp's optimizer keeps its state by native handle (moving a module loses it), takes the moments' type from the
/// parameter, and cannot save or load the state by name, which an exact resume needs. Everything is in place: a step allocates one
/// temporary of the size of each parameter.
/// </remarks>
public sealed class AdamW : IDisposable
{
    const string FirstMomentPrefix = "exp_avg.", SecondMomentPrefix = "exp_avg_sq.", StepsKey = "step";

    /// <summary>What helps against gradients that are not finite. Resuming repeats the same bits, and clipping cannot mend a NaN.</summary>
    internal const string Advice = "Lower optimizer.learning_rate: begin anew, or go on from a run's last commit with --resume --branch NAME";

    readonly Slot[] slots;
    readonly double beta1, beta2, epsilon, weightDecay;
    readonly double? maxGradNorm;

    /// <param name="parameters">Parameters with their names, which identify them in the saved state.</param>
    /// <param name="settings">Learning rate, betas, epsilon, weight decay, clipping.</param>
    /// <exception cref="ArgumentException">A parameter is not float32, or a name occurs twice.</exception>
    public AdamW(IEnumerable<(string Name, Parameter Parameter)> parameters, OptimizerSpecification settings)
    {
        slots = [.. parameters.OrderBy(p => p.Name, StringComparer.Ordinal).Select(p => new Slot(p.Name, p.Parameter))];
        if (slots.Length == 0) throw new ArgumentException("there are no parameters to train", nameof(parameters));
        var problems = slots.Where(s => s.Parameter.dtype != ScalarType.Float32)
            .Select(s => $"{s.Name} is {s.Parameter.dtype}; expected Float32, because small updates vanish in smaller types")
            .Concat(slots.GroupBy(s => s.Name).Where(g => g.Count() > 1).Select(g => $"{g.Key} occurs {g.Count()} times"));
        if (string.Join("; ", problems) is { Length: > 0 } found) throw new ArgumentException(found, nameof(parameters));
        LearningRate = settings.LearningRate;
        (beta1, beta2, epsilon, weightDecay, maxGradNorm) = (settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay, settings.MaxGradNorm);
    }

    /// <summary>May be changed between steps, by a schedule.</summary>
    public double LearningRate { get; set; }

    /// <summary>Clips the gradients if the settings say so and updates every parameter that has one.</summary>
    /// <returns>L2 norm of all gradients together, before clipping.</returns>
    /// <exception cref="NotFiniteNumberException">A gradient is NaN or infinite; no parameter was changed.</exception>
    public double Step()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var gradients = slots.Select(s => s.Parameter.grad).ToArray();
        var norm = GlobalNorm(gradients);
        // Before clipping: clip_grad_norm_ would make every gradient NaN where the norm is, and 0 where it is infinite.
        if (!double.IsFinite(norm)) throw NotFinite(gradients, norm);
        if (maxGradNorm is { } limit && norm > 0)
        {
            // clip_grad_norm_'s formula, with its 1e-6.
            var factor = limit / (norm + 1e-6);
            if (factor < 1)
                foreach (var gradient in gradients) gradient?.mul_(factor);
        }
        // lerp_ takes its weight only as a tensor.
        var lerpWeight = new Dictionary<DeviceType, Tensor>();
        for (var i = 0; i < slots.Length; i++)
        {
            if (gradients[i] is not { } gradient) continue;
            if (!lerpWeight.TryGetValue(gradient.device_type, out var weight))
                lerpWeight[gradient.device_type] = weight = tensor((float)(1 - beta1), device: gradient.device);
            Update(slots[i], gradient, weight);
        }
        return norm;
    }

    void Update(Slot slot, Tensor gradient, Tensor oneMinusBeta1)
    {
        using var scope = NewDisposeScope();
        slot.Steps++;
        var correction1 = 1 - Math.Pow(beta1, slot.Steps);
        var correction2 = 1 - Math.Pow(beta2, slot.Steps);
        slot.Parameter.mul_(1 - LearningRate * weightDecay);
        slot.FirstMoment.lerp_(gradient, oneMinusBeta1);
        slot.SecondMoment.mul_(beta2).addcmul_(gradient, gradient, 1 - beta2);
        var denominator = slot.SecondMoment.sqrt().div_(Math.Sqrt(correction2)).add_(epsilon);
        slot.Parameter.addcdiv_(slot.FirstMoment, denominator, -(LearningRate / correction1));
    }

    /// <summary>Frees the gradients. Zeroes would be carried into the next backward pass as live tensors.</summary>
    public void ZeroGrad()
    {
        foreach (var slot in slots) slot.Parameter.grad = null;
    }

    /// <summary>
    /// The state by name: <c>exp_avg.NAME</c>, <c>exp_avg_sq.NAME</c>, and <c>step</c> (int64, by name in ordinal order). The moments are
    /// the live tensors: save them before the next step; the steps are the caller's to dispose.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State()
    {
        var state = new Dictionary<string, Tensor>(StringComparer.Ordinal) { [StepsKey] = tensor(slots.Select(s => s.Steps).ToArray()) };
        foreach (var slot in slots)
        {
            state[FirstMomentPrefix + slot.Name] = slot.FirstMoment;
            state[SecondMomentPrefix + slot.Name] = slot.SecondMoment;
        }
        return state;
    }

    /// <summary>Copies a saved state in; training then goes on bit for bit.</summary>
    /// <exception cref="ArgumentException">It is not of these parameters; everything missing, superfluous or misshaped is listed.</exception>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        NamedState.Check("the optimizer", State(), state);
        var steps = state[StepsKey].cpu().data<long>().ToArray();
        for (var i = 0; i < slots.Length; i++)
        {
            slots[i].Steps = steps[i];
            slots[i].FirstMoment.copy_(state[FirstMomentPrefix + slots[i].Name]);
            slots[i].SecondMoment.copy_(state[SecondMomentPrefix + slots[i].Name]);
        }
    }

    public void Dispose()
    {
        foreach (var slot in slots) slot.Dispose();
    }

    static double GlobalNorm(Tensor?[] gradients)
    {
        // Norm of the norms, as PyTorch does it: one transfer from the device.
        var norms = gradients.OfType<Tensor>().Select(g => g.norm()).ToArray();
        return norms.Length == 0 ? 0 : stack(norms).norm().item<float>();
    }

    NotFiniteNumberException NotFinite(Tensor?[] gradients, double norm)
    {
        var names = slots.Where((_, i) => gradients[i] is { } g && !g.isfinite().all().item<bool>()).Select(s => s.Name).ToArray();
        return new NotFiniteNumberException($"the gradients' norm is {norm}; not finite: " +
            (names.Length == 0 ? "only their sum" : string.Join(", ", names.Take(5)) + (names.Length > 5 ? $" and {names.Length - 5} more" : "")) +
            ". No parameter was changed. " + Advice, norm);
    }

    sealed class Slot(string name, Parameter parameter) : IDisposable
    {
        public string Name { get; } = name;
        public Parameter Parameter { get; } = parameter;
        public Tensor FirstMoment { get; } = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        public Tensor SecondMoment { get; } = zeros_like(parameter, requires_grad: false).DetachFromDisposeScope();
        public long Steps { get; set; }

        public void Dispose()
        {
            FirstMoment.Dispose();
            SecondMoment.Dispose();
        }
    }
}
