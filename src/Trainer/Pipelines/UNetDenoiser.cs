using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>A UNet with its adapter: the policy that samples and is trained and, with the adapter switched off, the reference policy.</summary>
/// <param name="unet">The network; it computes in the type of its conditioning.</param>
/// <param name="adapter">Its adapter; null for a network that is used as it is.</param>
/// <param name="slow">A moving average of the adapter, its live values by parameter name; null where none is kept.</param>
public sealed class UNetDenoiser(UNet2DCondition unet, LoraAdapter? adapter = null, IReadOnlyDictionary<string, Tensor>? slow = null) : IDenoiser
{
    public Tensor Predict(Tensor latents_BCHW, Tensor timesteps, Conditioning conditioning)
    {
        using var scope = NewDisposeScope();
        var rows = (UNetConditioning)conditioning;
        return unet.call(latents_BCHW.to(rows.EncoderHiddenStates.dtype), timesteps, rows).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    public IDisposable UseReference() =>
        (adapter ?? throw new InvalidOperationException("a network without an adapter has no reference of its own")).Disabled();

    public IDisposable UseSlowCopy() => adapter is not null && slow is not null
        ? adapter.Using(slow)
        : throw new InvalidOperationException("no moving average of the adapter is kept");
}
