using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora;

/// <summary>
/// The low-rank branch at one linear layer: y = x W^T + b + scale * (x A^T) B^T (arXiv 2106.09685, equation 3); at a 1x1 convolution the
/// same at every pixel. A and B are float32 and are cast to the layer's type for each use, as autocast does.
/// </summary>
internal sealed class LoraBranch : IWeightUpdate, IDisposable
{
    readonly LoraState state;
    Tensor? merged;
    (Tensor A_RI, Tensor B_OR)? used;

    public LoraBranch(LoraState state, Parameter a_RI, Parameter b_OR, double alpha)
    {
        this.state = state;
        (A_RI, B_OR, Alpha) = (a_RI, b_OR, alpha);
    }

    /// <summary>A ("down"), [rank, in].</summary>
    public Parameter A_RI { get; }

    /// <summary>B ("up"), [out, rank].</summary>
    public Parameter B_OR { get; }

    public double Alpha { get; }

    /// <summary>A and B that passes use: the parameters, unless others have been put in their place.</summary>
    public (Tensor A_RI, Tensor B_OR) Values => used ?? (A_RI, B_OR);

    /// <summary>Whether others have been.</summary>
    public bool HasOtherValues => used is not null;

    /// <summary>alpha / rank, times the adapter's strength.</summary>
    public double Scale => state.Strength * Alpha / A_RI.shape[0];

    public bool IsActive => state.Enabled;

    /// <summary>The layer's result; all tensors are of the type that is computed in.</summary>
    public Tensor Apply(Tensor input, Tensor weight_OI, Tensor? bias_O)
    {
        using var scope = NewDisposeScope();
        var dtype = weight_OI.dtype;
        var (a_RI, b_OR) = Values;
        if (merged is not null && used is null) return Linear(input, merged.to_type(dtype), bias_O).MoveToOuterDisposeScope();
        var update = Linear(Linear(input, Like(a_RI, weight_OI).to_type(dtype)), Like(b_OR, weight_OI).to_type(dtype));
        // A linear layer's backward does not need its output, so the update is added in place.
        var output = Linear(input, weight_OI, bias_O);
        return (Scale == 1 ? output.add_(update) : output.add_(update, Scale)).MoveToOuterDisposeScope();
    }

    /// <summary>W + scale * B A, computed in float32, in W's type: a new tensor.</summary>
    public Tensor MergedWeight(Tensor weight_OI)
    {
        using var _ = no_grad();
        using var scope = NewDisposeScope();
        var (a_RI, b_OR) = Values;
        var delta = Like(b_OR.mm(a_RI).mul_(Scale), weight_OI);
        return (weight_OI.to_type(ScalarType.Float32) + delta).to_type(weight_OI.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>From now on the layer uses the merged weight; the original is kept as it is.</summary>
    public void Merge(Tensor weight_OI)
    {
        Unmerge();
        merged = MergedWeight(weight_OI).DetachFromDisposeScope();
    }

    public void Unmerge()
    {
        merged?.Dispose();
        merged = null;
    }

    /// <summary>Puts other values in the parameters' place, or takes them away (null); the parameters stay as they are.</summary>
    /// <returns>What was in their place before.</returns>
    public (Tensor A_RI, Tensor B_OR)? Use((Tensor A_RI, Tensor B_OR)? values)
    {
        var before = used;
        used = values;
        return before;
    }

    static Tensor Linear(Tensor input, Tensor weight, Tensor? bias_O = null) => weight.dim() == 2
        ? nn.functional.linear(input, weight, bias_O)
        : Convolutions.Conv2d(input, weight, bias_O, [1, 1], [0, 0]);

    /// <summary>A matrix as the weight of a layer of the other's kind.</summary>
    static Tensor Like(Tensor matrix, Tensor weight) => weight.dim() == 2 ? matrix : matrix.reshape(matrix.shape[0], matrix.shape[1], 1, 1);

    public void Dispose()
    {
        Unmerge();
        A_RI.Dispose();
        B_OR.Dispose();
    }
}

/// <summary>What all branches of one adapter share.</summary>
internal sealed class LoraState
{
    public bool Enabled { get; set; } = true;

    public double Strength { get; set; } = 1;
}
