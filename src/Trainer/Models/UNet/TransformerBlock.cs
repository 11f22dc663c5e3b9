using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>Self-attention, cross-attention to the text and feed-forward, each on a LayerNorm of its input and added to it.</summary>
public sealed class TransformerBlock : nn.Module<Tensor, Tensor?, Tensor>
{
    const double NormEps = 1e-5;

    readonly LayerNorm norm1;
    readonly Attention attn1;
    readonly LayerNorm norm2;
    readonly Attention attn2;
    readonly LayerNorm norm3;
    readonly FeedForward ff;

    public TransformerBlock(int channels, int heads, UNetConfig config, ComputeOptions options, Device? device, ScalarType? dtype)
        : base(nameof(TransformerBlock))
    {
        norm1 = Norm();
        attn1 = new Attention(channels, channels, heads, config.UpcastAttention, options, device, dtype);
        norm2 = Norm();
        attn2 = new Attention(channels, config.CrossAttentionDim, heads, config.UpcastAttention, options, device, dtype);
        norm3 = Norm();
        ff = new FeedForward(channels, device, dtype);
        RegisterComponents();

        LayerNorm Norm() => nn.LayerNorm(channels, NormEps, device: device, dtype: dtype);
    }

    /// <param name="input_BLC">[B, L, C].</param>
    /// <param name="text_BSD">Encoder states, [B, S, D].</param>
    /// <returns>[B, L, C].</returns>
    public override Tensor forward(Tensor input_BLC, Tensor? text_BSD)
    {
        using var scope = NewDisposeScope();
        (input_BLC, text_BSD) = (GradientCheckpoint.Gather(input_BLC), GradientCheckpoint.Gather(text_BSD!));
        // Each branch ends in a linear layer, whose backward does not need its output: adding in place is fine under autograd.
        var hidden = attn1.call(norm1.call(input_BLC), null).add_(input_BLC);
        hidden = attn2.call(norm2.call(hidden), text_BSD).add_(hidden);
        return ff.call(norm3.call(hidden)).add_(hidden).MoveToOuterDisposeScope();
    }
}
