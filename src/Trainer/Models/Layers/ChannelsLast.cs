using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// Images whose channels lie side by side in memory, pixel after pixel: oneDNN computes convolutions on them without copying into blocks and back. It pays for
/// autoencoders, whose feature maps are large. libtorch's GroupNorm is slow on small maps with few channels a group, so UNets keep the usual layout.
/// </summary>
static class ChannelsLast
{
    /// <summary>
    /// Lays the weights of a frozen model's convolutions out so, on the CPU. That is all there is to do: a convolution's result has the layout of its
    /// weights, and everything between convolutions keeps it.
    /// </summary>
    /// <returns>The model.</returns>
    public static T Prepare<T>(T model) where T : nn.Module
    {
        foreach (var convolution in model.modules().OfType<Convolution2d>())
        {
            // A kernel of one pixel has the same bytes either way.
            if (convolution.weight.device_type != DeviceType.CPU || convolution.weight.shape[2] == 1) continue;
            using var noGradient = no_grad();
            using var scope = NewDisposeScope();
            convolution.weight = new Parameter(convolution.weight.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2), requires_grad: false);
        }
        return model;
    }

    /// <summary>Whether an image [B, C, H, W] lies so.</summary>
    public static bool Is(Tensor x_BCHW) => x_BCHW.shape[1] > 1 && x_BCHW.stride(1) == 1;
}
