using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>The sizes both towers' transformer layers need.</summary>
readonly record struct ClipLayerSizes(int Hidden, int Intermediate, int Heads, HiddenActivation Activation, double Epsilon)
{
    public static ClipLayerSizes Of(ClipTextConfig c) => new(c.HiddenSize, c.IntermediateSize, c.NumAttentionHeads, c.HiddenAct, c.LayerNormEps);

    public static ClipLayerSizes Of(ClipVisionConfig c) => new(c.HiddenSize, c.IntermediateSize, c.NumAttentionHeads, c.HiddenAct, c.LayerNormEps);
}

/// <summary>A pre-norm transformer layer.</summary>
sealed class ClipEncoderLayer : Module
{
    readonly ClipAttention self_attn;
    readonly TorchSharp.Modules.LayerNorm layer_norm1, layer_norm2;
    readonly ClipMlp mlp;

    public ClipEncoderLayer(ClipLayerSizes sizes, Device? device, ScalarType dtype) : base(nameof(ClipEncoderLayer))
    {
        self_attn = new ClipAttention(sizes.Hidden, sizes.Heads, device, dtype);
        layer_norm1 = LayerNorm(sizes.Hidden, sizes.Epsilon, device: device, dtype: dtype);
        mlp = new ClipMlp(sizes.Hidden, sizes.Intermediate, sizes.Activation, device, dtype);
        layer_norm2 = LayerNorm(sizes.Hidden, sizes.Epsilon, device: device, dtype: dtype);
        RegisterComponents();
    }

    public Tensor forward(Tensor x_BLD, Tensor? mask_B1LL, bool causal)
    {
        using var scope = NewDisposeScope();
        var h = x_BLD + self_attn.forward(layer_norm1.forward(x_BLD), mask_B1LL, causal);
        return (h + mlp.forward(layer_norm2.forward(h))).MoveToOuterDisposeScope();
    }
}

/// <summary>A stack of layers.</summary>
sealed class ClipEncoder : Module
{
    readonly TorchSharp.Modules.ModuleList<ClipEncoderLayer> layers;

    public ClipEncoder(ClipLayerSizes sizes, int count, Device? device, ScalarType dtype) : base(nameof(ClipEncoder))
    {
        layers = ModuleList([.. Enumerable.Range(0, count).Select(_ => new ClipEncoderLayer(sizes, device, dtype))]);
        RegisterComponents();
    }

    /// <summary>The input and every layer's output, of which the last one is the encoder's result.</summary>
    /// <param name="x_BLD">Embeddings; released unless all states are kept.</param>
    /// <param name="mask_B1LL">True where a query may attend to a key.</param>
    /// <param name="causal">Whether tokens see only those before them, when there is no mask.</param>
    /// <param name="keepAll">Without it only the result is returned.</param>
    public IReadOnlyList<Tensor> forward(Tensor x_BLD, Tensor? mask_B1LL, bool causal, bool keepAll)
    {
        List<Tensor> states = [x_BLD];
        foreach (var layer in layers)
        {
            var next = layer.forward(states[^1], mask_B1LL, causal);
            if (!keepAll)
            {
                states[0].Dispose();
                states.Clear();
            }
            states.Add(next);
        }
        return states;
    }
}
