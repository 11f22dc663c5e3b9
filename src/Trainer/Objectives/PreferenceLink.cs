using SpoActors.Specification;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// How a margin becomes a loss, a parameter of every objective of the DPO family. With d = log r_win - log r_lose and x = β d:
/// <code>
/// sigmoid   - (1 - s) log σ(x) - s log σ(-x)                  DPO, arXiv 2305.18290; s > 0: conservative DPO (Mitchell 2023)
/// robust    (- (1 - s) log σ(x) + s log σ(-x)) / (1 - 2 s)    arXiv 2403.00409
/// hinge     max(0, 1 - x)                                     SLiC, arXiv 2305.10425
/// ipo       (d - 1 / (2 β))²                                  arXiv 2310.12036, equation 17
/// linear    - x                                               the policy gradient of a margin
/// </code>
/// s is the label smoothing: the share of preferences taken to be the wrong way round.
/// </summary>
/// <remarks>
/// Where ratios are clamped to 1 ± ε before, d lies within ± log((1 + ε) / (1 - ε)), 0.2007 at ε 0.1: IPO's target 1 / (2 β) can be
/// reached from β 2.5 on.
/// </remarks>
public sealed class PreferenceLink
{
    readonly LinkKind kind;
    readonly double smoothing;

    /// <param name="kind">Which of them.</param>
    /// <param name="beta">β, more than 0.</param>
    /// <param name="labelSmoothing">s, from 0, below 0.5; 0 but for sigmoid and robust.</param>
    public PreferenceLink(LinkKind kind, double beta, double labelSmoothing = 0)
    {
        if (!(beta > 0)) throw new ArgumentOutOfRangeException(nameof(beta), beta, $"beta is {beta}; expected more than 0");
        if (!(labelSmoothing is >= 0 and < 0.5))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"label_smoothing is {labelSmoothing}; expected from 0, below 0.5");
        if (labelSmoothing > 0 && kind is not (LinkKind.Sigmoid or LinkKind.Robust))
            throw new ArgumentOutOfRangeException(nameof(labelSmoothing), labelSmoothing, $"label_smoothing is {labelSmoothing} with the link {kind}; expected 0");
        (this.kind, Beta, smoothing) = (kind, beta, labelSmoothing);
    }

    /// <summary>β.</summary>
    public double Beta { get; }

    /// <summary>The loss of each pair.</summary>
    /// <param name="x_M">β d; the caller multiplies, since the order of its roundings is the method's own.</param>
    public Tensor Loss(Tensor x_M)
    {
        using var scope = NewDisposeScope();
        var losses_M = kind switch
        {
            LinkKind.Sigmoid => smoothing == 0 ? -LogSigmoid(x_M) : -(1 - smoothing) * LogSigmoid(x_M) - smoothing * LogSigmoid(-x_M),
            LinkKind.Robust => (-(1 - smoothing) * LogSigmoid(x_M) + smoothing * LogSigmoid(-x_M)) / (1 - 2 * smoothing),
            LinkKind.Hinge => (1 - x_M).relu(),
            LinkKind.Ipo => ((x_M - 0.5) / Beta).square(),
            LinkKind.Linear => -x_M,
            _ => throw new InvalidOperationException($"unknown link {kind}"),
        };
        return losses_M.MoveToOuterDisposeScope();
    }

    // log σ(x) in one function: σ(x) underflows to 0 for a very negative x, and its log to -infinity.
    static Tensor LogSigmoid(Tensor x_M) => nn.functional.logsigmoid(x_M);
}
