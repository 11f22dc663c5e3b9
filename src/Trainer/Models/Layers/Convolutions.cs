using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// Convolutions that are right on every processor. On an AMD EPYC with AVX-512 (Zen 5), oneDNN 3.7, with which libtorch 2.10 computes them, was seen to leave
/// the last channels out where their number is no multiple of its blocks: depending on what lay in memory before, a layer ignores a third of its
/// inputs, and the gradient behind a UNet's <c>conv_out</c> is zero, NaN or right. On such processors the channels are filled up here.
/// </summary>
/// <remarks>Shape letters: B images, C input channels, O output channels, H and W pixels, K kernel.</remarks>
static class Convolutions
{
    /// <summary>Channels in whole blocks of this size are right in all passes and types.</summary>
    const long Block = 32;

    /// <summary>Forward passes in float32 are right with inputs in blocks of this size or fewer than one, and with any number of outputs.</summary>
    const long ForwardBlock = 16;

    /// <summary>As <c>nn.functional.conv2d</c>; the result is a tensor of its own.</summary>
    internal static Tensor Conv2d(Tensor input_BCHW, Tensor weight_OCKK, Tensor? bias_O, long[] strides, long[] paddings) =>
        Avx512F.IsSupported && input_BCHW.device_type == DeviceType.CPU
            ? Padded(input_BCHW, weight_OCKK, bias_O, strides, paddings)
            : nn.functional.conv2d(input_BCHW, weight_OCKK, bias_O, strides, paddings);

    /// <summary>The same with channels filled up to whole blocks by zeros.</summary>
    internal static Tensor Padded(Tensor input_BCHW, Tensor weight_OCKK, Tensor? bias_O, long[] strides, long[] paddings)
    {
        var forwardAlone = weight_OCKK.dtype == ScalarType.Float32 && !(is_grad_enabled() && (input_BCHW.requires_grad || weight_OCKK.requires_grad));
        var (outputs, inputs) = (weight_OCKK.shape[0], weight_OCKK.shape[1]);
        var moreInputs = !forwardAlone ? Missing(inputs, Block) : inputs > ForwardBlock ? Missing(inputs, ForwardBlock) : 0;
        var moreOutputs = forwardAlone ? 0 : Missing(outputs, Block);
        if (moreInputs == 0 && moreOutputs == 0) return nn.functional.conv2d(input_BCHW, weight_OCKK, bias_O, strides, paddings);
        using var scope = NewDisposeScope();
        var input = moreInputs == 0 ? input_BCHW : nn.functional.pad(input_BCHW, [0, 0, 0, 0, 0, moreInputs]);
        var weight = nn.functional.pad(weight_OCKK, [0, 0, 0, 0, 0, moreInputs, 0, moreOutputs]);
        var bias = bias_O is null || moreOutputs == 0 ? bias_O : nn.functional.pad(bias_O, [0, moreOutputs]);
        var result = nn.functional.conv2d(input, weight, bias, strides, paddings);
        return (moreOutputs == 0 ? result : result.narrow(1, 0, outputs).clone()).MoveToOuterDisposeScope();
    }

    static long Missing(long channels, long block) => (block - channels % block) % block;
}
