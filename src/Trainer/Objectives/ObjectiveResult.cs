using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>The loss of a minibatch.</summary>
/// <param name="Loss">Scalar to call backward on: the mean of <paramref name="LossPerSample"/>, in value.</param>
/// <param name="LossPerSample">[M], detached.</param>
/// <param name="MetricNames">Names of the metrics, in snake_case (<see cref="ObjectiveMetrics"/> has those that several objectives share).</param>
/// <param name="Metrics">Their means over the minibatch, a vector, detached.</param>
/// <param name="Details">What the loss was computed from, by name, [M] each, detached: log-probabilities, errors, ratios.</param>
public sealed record ObjectiveResult(
    Tensor Loss, Tensor LossPerSample, IReadOnlyList<string> MetricNames, Tensor Metrics, IReadOnlyDictionary<string, Tensor> Details)
{
    /// <summary>The result of losses and metrics of each sample.</summary>
    /// <param name="losses_M">The loss of each sample, with its gradient.</param>
    /// <param name="metrics">Metrics of each sample, [M]; the loss comes first by itself.</param>
    /// <param name="details">What else is worth seeing of each sample, [M].</param>
    public static ObjectiveResult Of(
        Tensor losses_M, IReadOnlyList<(string Name, Tensor Values_M)> metrics, IReadOnlyList<(string Name, Tensor Values_M)> details)
    {
        using var scope = NewDisposeScope();
        var loss = losses_M.mean();
        using var noGradient = no_grad();
        var perSample = losses_M.detach();
        var metrics_KM = stack([perSample, .. metrics.Select(m => m.Values_M.detach().to_type(losses_M.dtype))]);
        return new ObjectiveResult(loss, perSample, [ObjectiveMetrics.Loss, .. metrics.Select(m => m.Name)], metrics_KM.mean([1]),
            details.ToDictionary(d => d.Name, d => d.Values_M.detach())).MoveToOuterDisposeScope();
    }

    /// <summary>Hands all its tensors to the scope around the current one.</summary>
    public ObjectiveResult MoveToOuterDisposeScope()
    {
        foreach (var tensor in (Tensor[])[Loss, LossPerSample, Metrics, .. Details.Values]) tensor.MoveToOuterDisposeScope();
        return this;
    }

    /// <summary>The metrics by name. Waits for the device, so call it after the backward pass is queued.</summary>
    public IReadOnlyDictionary<string, double> ReadMetrics()
    {
        using var scope = NewDisposeScope();
        var values = Metrics.to(ScalarType.Float64).cpu().data<double>().ToArray();
        return MetricNames.Zip(values).ToDictionary(m => m.First, m => m.Second);
    }
}
