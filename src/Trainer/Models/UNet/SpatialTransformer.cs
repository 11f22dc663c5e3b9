using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>Transformer blocks over the pixels of a feature map, added to it; projections are 1x1 convolutions (SD 1.x) or linear layers.</summary>
public sealed class SpatialTransformer : nn.Module<Tensor, Tensor, Tensor>
{
    /// <summary>Epsilon of this GroupNorm, unlike the resnets', is fixed.</summary>
    const double NormEps = 1e-6;

    readonly GroupNorm norm;
    readonly nn.Module<Tensor, Tensor> proj_in;
    readonly ModuleList<TransformerBlock> transformer_blocks;
    readonly nn.Module<Tensor, Tensor> proj_out;
    readonly bool linear;
    readonly ComputeOptions options;

    public SpatialTransformer(int channels, int heads, int layers, UNetConfig config, ComputeOptions options, Device? device, ScalarType? dtype)
        : base(nameof(SpatialTransformer))
    {
        (linear, this.options) = (config.UseLinearProjection, options);
        norm = Norms.Group(config.NormNumGroups, channels, NormEps, device, dtype);
        proj_in = Projection();
        transformer_blocks = new([.. Enumerable.Range(0, layers).Select(_ => new TransformerBlock(channels, heads, config, options, device, dtype))]);
        proj_out = Projection();
        RegisterComponents();

        nn.Module<Tensor, Tensor> Projection() => linear
            ? new AdaptableLinear(channels, channels, device: device, dtype: dtype)
            : new AdaptableProjection(channels, channels, device, dtype);
    }

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <param name="text_BSD">[B, S, D].</param>
    /// <returns>[B, C, H, W].</returns>
    public override Tensor forward(Tensor input_BCHW, Tensor text_BSD)
    {
        using var scope = NewDisposeScope();
        var shape = input_BCHW.shape;
        var hidden_BLC = linear ? proj_in.call(ToTokens(norm.call(input_BCHW))) : ToTokens(proj_in.call(norm.call(input_BCHW)));
        foreach (var block in transformer_blocks)
        {
            var next = options.GradientCheckpointing
                ? GradientCheckpoint.Run(arguments => block.call(arguments[0]!, arguments[1]), hidden_BLC, text_BSD)
                : block.call(hidden_BLC, text_BSD);
            hidden_BLC.Dispose();
            hidden_BLC = next;
        }
        var output_BCHW = linear ? ToPixels(proj_out.call(hidden_BLC)) : proj_out.call(ToPixels(hidden_BLC));
        return output_BCHW.add_(input_BCHW).MoveToOuterDisposeScope();

        Tensor ToTokens(Tensor x_BCHW) => x_BCHW.permute(0, 2, 3, 1).reshape(shape[0], shape[2] * shape[3], shape[1]);
        Tensor ToPixels(Tensor x_BLC) => x_BLC.reshape(shape[0], shape[2], shape[3], shape[1]).permute(0, 3, 1, 2).contiguous();
    }
}
