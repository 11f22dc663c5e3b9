using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// Nearest-neighbour doubling and a 3x3 convolution as one 2x2 convolution of the small image: of the nine pixels under the kernel only four differ, so that
/// weights are added instead of products. 4/9 of the operations, and no large copy (the transposed form of arXiv 1609.05158, section 3.3).
/// </summary>
/// <remarks>Shape letters: B images, C input and O output channels, H and W rows and columns of the small image.</remarks>
sealed class DoublingConvolution : IDisposable
{
    const int Phases = 4;

    readonly nint source;
    readonly Tensor kernels_POCKK;
    readonly Tensor bias_P;

    /// <param name="convolution">3x3, padding 1, frozen.</param>
    public DoublingConvolution(Convolution2d convolution)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var weight_OC33 = convolution.weight;
        source = weight_OC33.Handle;
        // Even rows see the pixel before (one row of the kernel) and their own (two); odd rows their own (two) and the next (one). Columns alike.
        Tensor[] byRow = [Halve(weight_OC33, 2, even: true), Halve(weight_OC33, 2, even: false)];
        var kernels = stack([.. byRow.SelectMany(rows => (Tensor[])[Halve(rows, 3, even: true), Halve(rows, 3, even: false)])]).flatten(0, 1);
        kernels_POCKK = kernels.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).DetachFromDisposeScope();
        bias_P = convolution.bias!.repeat(Phases).DetachFromDisposeScope();
    }

    /// <summary>
    /// Float32 alone: in smaller types the sums of weights would be rounded. Channels last, where the interleaving copies whole pixels. Weights that are trained
    /// would have to be added anew at each pass.
    /// </summary>
    public static bool Suits(Tensor input_BCHW, Tensor weight) =>
        weight.dtype == ScalarType.Float32 && !weight.requires_grad && input_BCHW.device_type == TorchSharp.DeviceType.CPU && ChannelsLast.Is(input_BCHW);

    /// <summary>Whether it was made of these weights.</summary>
    public bool IsOf(Convolution2d convolution) => convolution.weight.Handle == source;

    /// <returns>[B, O, 2H, 2W], channels last.</returns>
    public Tensor Apply(Tensor input_BCHW)
    {
        using var scope = NewDisposeScope();
        var (height, width) = (input_BCHW.shape[2], input_BCHW.shape[3]);
        // At row y it sees rows y - 1 and y: even rows of the result are at y = i, odd ones at y = i + 1.
        var phases_BPHW = Convolutions.Conv2d(input_BCHW, kernels_POCKK, bias_P, [1, 1], [1, 1]);
        var phases_BHWPO = phases_BPHW.permute(0, 2, 3, 1).unflatten(3, [Phases, -1]);
        return stack([Row(0), Row(1)], 2).flatten(3, 4).flatten(1, 2).permute(0, 3, 1, 2).MoveToOuterDisposeScope();

        Tensor Row(int row) => stack([Phase(row, 0), Phase(row, 1)], 3);
        Tensor Phase(int row, int column) => phases_BHWPO.narrow(1, row, height).narrow(2, column, width).select(3, 2 * row + column);
    }

    public void Dispose()
    {
        kernels_POCKK.Dispose();
        bias_P.Dispose();
    }

    /// <summary>Three rows, or columns, of a kernel to the two that even or odd places see.</summary>
    static Tensor Halve(Tensor kernel, int dimension, bool even)
    {
        var (first, middle, last) = (kernel.narrow(dimension, 0, 1), kernel.narrow(dimension, 1, 1), kernel.narrow(dimension, 2, 1));
        return even ? cat([first, middle + last], dimension) : cat([first + middle, last], dimension);
    }
}
