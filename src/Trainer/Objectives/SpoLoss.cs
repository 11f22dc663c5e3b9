using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// The step-by-step preference loss (SPO, arXiv 2406.04314, section 4.3):
/// <code>L = - mean log σ( β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε) ),   r = p_θ(x_{t-1} | x_t) / p_ref(x_{t-1} | x_t)</code>
/// </summary>
public sealed class SpoLoss
{
    readonly double beta, low, high;

    /// <param name="beta">β, strength of the pull towards the reference.</param>
    /// <param name="eps">ε, half-width of the trust region of the ratios, between 0 and 1.</param>
    public SpoLoss(double beta, double eps)
    {
        if (!(beta > 0)) throw new ArgumentOutOfRangeException(nameof(beta), beta, $"beta is {beta}; expected more than 0");
        if (!(eps is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(eps), eps, $"eps is {eps}; expected between 0 and 1");
        (this.beta, low, high) = (beta, Math.Log(1 - eps), Math.Log(1 + eps));
    }

    /// <summary>The loss and its metrics.</summary>
    public SpoLossResult Compute(PairLogProbabilities logp)
    {
        using var scope = NewDisposeScope();
        var logRatioWin_M = logp.Win - logp.WinReference.detach();
        var logRatioLose_M = logp.Lose - logp.LoseReference.detach();

        // log clamp(exp(d), 1 - ε, 1 + ε) is clamp(d, log(1 - ε), log(1 + ε)), values and gradients alike, and exp cannot overflow.
        var clampedWin_M = logRatioWin_M.clamp(low, high);
        var clampedLose_M = logRatioLose_M.clamp(low, high);

        // log σ(x) in one function: σ(x) underflows to 0 for a very negative x, and its log to -infinity.
        var losses_M = -nn.functional.logsigmoid(beta * clampedWin_M - beta * clampedLose_M);
        var loss = losses_M.mean();

        using var noGradient = no_grad();
        var margin_M = beta * (logRatioWin_M - logRatioLose_M);
        var clipped_M = (clampedWin_M.ne(logRatioWin_M).to_type(ScalarType.Float32) + clampedLose_M.ne(logRatioLose_M).to_type(ScalarType.Float32)) / 2;
        var statistics_6M = stack(
            [losses_M, margin_M, margin_M.gt(0).to_type(losses_M.dtype), clampedWin_M.exp(), clampedLose_M.exp(), clipped_M.to_type(losses_M.dtype)]);
        return new SpoLossResult(
            loss.MoveToOuterDisposeScope(), losses_M.detach().MoveToOuterDisposeScope(), statistics_6M.mean([1]).MoveToOuterDisposeScope());
    }
}

/// <summary>The loss of a minibatch, in the caller's dispose scope.</summary>
/// <param name="Loss">Scalar to call backward on.</param>
/// <param name="LossPerPair">[M], detached.</param>
/// <param name="Statistics">[6], detached: the metrics, in the order of <see cref="SpoMetrics"/>'s members.</param>
public sealed record SpoLossResult(Tensor Loss, Tensor LossPerPair, Tensor Statistics)
{
    /// <summary>The metrics. Waits for the device, so call it after the backward pass is queued.</summary>
    public SpoMetrics ReadMetrics()
    {
        using var scope = NewDisposeScope();
        var s = Statistics.to(ScalarType.Float64).cpu().data<double>().ToArray();
        return new SpoMetrics(s[0], s[1], s[2], s[3], s[4], s[5]);
    }
}
