using SpoActors.Specification;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Diffusion-SDPO (arXiv 2511.03317; AIDC-AI/Diffusion-SDPO, train.py): a safeguard on the methods of own pairs. The losing side's error
/// keeps its value, its gradient is multiplied by one number λ for the minibatch, so that a step does not raise the winner's error:
/// <code>
/// λ = clamp( (1 - μ) |g_w|² / (g_l · g_w + 1e-9), 0, 1 ) where g_l · g_w > 0, else 1;   g = ∂ mean l / ∂ prediction
/// x = - β/2 ((l_win - λ l_lose) - (l_win,ref - l_lose,ref)),   l = mean (ε_θ(x_t) - ε)²,   Δ = ε_θ(x_win) - ε_ref(x_win)
/// diffusion_dpo   - log σ(x)
/// dmpo            KL( Bernoulli(σ(x)) ‖ Bernoulli(1 - α) )
/// dspo            mean ( (ε_θ(x_win) - ε) - β (1 - σ(x)) Δ )²
/// dspo_sdxl       mean ( (1 - σ(x)) Δ )²   where the batch's mean Δ² ≥ 0.1, else (1 - σ(x))²
/// </code>
/// λ stands before l_lose for its gradient only.
/// </summary>
/// <remarks>
/// λ belongs to the minibatch as in the original: per pair only at batch size 1, which is what was published. g is taken in the space of
/// predictions; it promises nothing about weights. The loss's value does not show λ, the metric <c>lose_scale</c> does.
/// </remarks>
public sealed class SdpoObjective : IObjective
{
    /// <summary>Where Δ² is smaller on average, dspo_sdxl leaves Δ out: it would leave no gradient at the start, where Δ is 0.</summary>
    const double NearReference = 0.1;

    readonly SdpoVariant variant;
    readonly PreferenceLink link;
    readonly double? mu;
    readonly double alpha;

    /// <param name="variant">The loss under the safeguard.</param>
    /// <param name="link">β; how the margin becomes a loss in the variant diffusion_dpo.</param>
    /// <param name="mu">μ, from 0 to 1; null for no safeguard.</param>
    /// <param name="alpha">α of dmpo, above 0 and up to 0.5.</param>
    public SdpoObjective(SdpoVariant variant, PreferenceLink link, double? mu, double alpha = 0.01)
    {
        if (mu is not (null or (>= 0 and <= 1))) throw new ArgumentOutOfRangeException(nameof(mu), mu, $"mu is {mu}; expected from 0 to 1");
        if (!(alpha is > 0 and <= 0.5)) throw new ArgumentOutOfRangeException(nameof(alpha), alpha, $"alpha is {alpha}; expected above 0 and up to 0.5");
        (this.variant, this.link, this.mu, this.alpha) = (variant, link, mu, alpha);
    }

    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.NoisedPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var errors = ImageErrors.Of(this, inputs, side => side.ReferenceOf(this));
        var scale = mu is { } strength ? LoseScale(inputs.Win, inputs.LoseOf(this), strength).Scale : ones([], errors.Type, errors.Win_M.device);
        var guarded = errors with { Lose_M = errors.Lose_M.detach() + scale * (errors.Lose_M - errors.Lose_M.detach()) };
        var x_M = -0.5 * link.Beta * guarded.Difference_M();
        var losses_M = variant switch
        {
            SdpoVariant.DiffusionDpo => link.Loss(x_M),
            SdpoVariant.Dmpo => BernoulliKl(x_M),
            SdpoVariant.Dspo => Dspo(inputs.Win, x_M),
            SdpoVariant.DspoSdxl => DspoSdxl(inputs.Win, x_M),
            _ => throw new InvalidOperationException($"unknown variant {variant}"),
        };
        return ObjectiveResult.Of(losses_M, [.. errors.Metrics(x_M), ("lose_scale", scale.expand(x_M.shape))],
            [.. errors.Details(x_M), ("lose_scale", scale.expand(x_M.shape))]).MoveToOuterDisposeScope();
    }

    /// <summary>λ, |g_w|² and g_l · g_w: scalars without a gradient.</summary>
    /// <param name="win">The winners' predictions and targets.</param>
    /// <param name="lose">The losers'.</param>
    /// <param name="mu">μ.</param>
    public static (Tensor Scale, Tensor Norm2, Tensor Dot) LoseScale(SampleSide win, SampleSide lose, double mu)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var (gradientWin, gradientLose) = (Gradient(win), Gradient(lose));
        var (norm2, dot) = (gradientWin.square().sum(), (gradientLose * gradientWin).sum());
        // 1e-9 keeps the quotient finite; it is absolute, so it shows for errors near 0.
        var scale = ((1 - mu) * norm2 / (dot + 1e-9)).clamp(0, 1);
        return (where(dot.gt(0), scale, ones_like(scale)).MoveToOuterDisposeScope(), norm2.MoveToOuterDisposeScope(), dot.MoveToOuterDisposeScope());

        static Tensor Gradient(SampleSide side) => 2 * (side.Policy_MCHW - side.Target_MCHW!) / side.Policy_MCHW.numel();
    }

    /// <summary>p log(p / q) + (1 - p) log((1 - p) / (1 - q)) with p = σ(x), q = 1 - α. The logs of p by log σ: σ itself underflows.</summary>
    Tensor BernoulliKl(Tensor x_M)
    {
        // As in the original: α beyond float32's reach of 0 or 1 would make the logs of q infinite.
        var q = Math.Clamp(1 - alpha, 1e-6, 1 - 1e-6);
        var p_M = x_M.sigmoid();
        return p_M * (nn.functional.logsigmoid(x_M) - Math.Log(q)) + (1 - p_M) * (nn.functional.logsigmoid(-x_M) - Math.Log(1 - q));
    }

    Tensor Dspo(SampleSide win, Tensor x_M)
    {
        var weight_M111 = (1 - x_M.sigmoid()).reshape(-1, 1, 1, 1);
        return (win.Policy_MCHW - win.Target_MCHW! - link.Beta * weight_M111 * Delta(win)).square().flatten(1).mean([1]);
    }

    Tensor DspoSdxl(SampleSide win, Tensor x_M)
    {
        var (weight_M, delta_MCHW) = (1 - x_M.sigmoid(), Delta(win));
        var far_M = (weight_M.reshape(-1, 1, 1, 1) * delta_MCHW).square().flatten(1).mean([1]);
        return where(delta_MCHW.detach().square().mean().ge(NearReference), far_M, weight_M.square());
    }

    Tensor Delta(SampleSide win) => win.Policy_MCHW - win.ReferenceOf(this).detach();
}
