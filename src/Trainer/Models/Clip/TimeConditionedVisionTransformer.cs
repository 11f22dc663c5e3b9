using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>
/// A vision layer whose two branches are shifted, scaled and gated by the timestep. The LayerNorms keep their own weight and bias,
/// and the gate multiplies as it is (a DiT block's norms are bare).
/// </summary>
sealed class TimeConditionedEncoderLayer : Module
{
    const int Parts = 6, MsaGate = 2, MlpGate = 5;

    readonly ClipAttention self_attn;
    readonly LayerNorm layer_norm1, layer_norm2;
    readonly ClipMlp mlp;
    readonly AdaptiveModulation adaLN_modulation;

    public TimeConditionedEncoderLayer(ClipLayerSizes sizes, Device? device, ScalarType dtype) : base(nameof(TimeConditionedEncoderLayer))
    {
        self_attn = new ClipAttention(sizes.Hidden, sizes.Heads, device, dtype);
        layer_norm1 = LayerNorm(sizes.Hidden, sizes.Epsilon, device: device, dtype: dtype);
        mlp = new ClipMlp(sizes.Hidden, sizes.Intermediate, sizes.Activation, device, dtype);
        layer_norm2 = LayerNorm(sizes.Hidden, sizes.Epsilon, device: device, dtype: dtype);
        adaLN_modulation = new AdaptiveModulation(sizes.Hidden, Parts, device, dtype);
        RegisterComponents();
    }

    public Tensor forward(Tensor x_BLD, Tensor timeEmbedding_BD)
    {
        using var scope = NewDisposeScope();
        var m_B1D = Modulation(timeEmbedding_BD).unsqueeze(1).chunk(Parts, -1);
        var (shiftMsa, scaleMsa, gateMsa, shiftMlp, scaleMlp, gateMlp) = (m_B1D[0], m_B1D[1], m_B1D[2], m_B1D[3], m_B1D[4], m_B1D[5]);
        var h = x_BLD + gateMsa * self_attn.forward(layer_norm1.forward(x_BLD) * (1 + scaleMsa) + shiftMsa, null, causal: false);
        return (h + gateMlp * mlp.forward(layer_norm2.forward(h) * (1 + scaleMlp) + shiftMlp)).MoveToOuterDisposeScope();
    }

    public Tensor Modulation(Tensor timeEmbedding_BD) => adaLN_modulation.forward(timeEmbedding_BD);

    public void ResetModulation() => adaLN_modulation.Reset(MsaGate, MlpGate);
}

/// <summary>The vision tower of the step-aware preference model: every layer and the pooled output are conditioned on the timestep.</summary>
sealed class TimeConditionedVisionTransformer : Module
{
    readonly ClipVisionEmbeddings embeddings;
    // The checkpoints' own spelling.
    readonly LayerNorm pre_layrnorm;
    readonly Encoder encoder;
    readonly LayerNorm post_layernorm;
    readonly AdaptiveModulation adaLN_modulation;

    public TimeConditionedVisionTransformer(ClipVisionConfig config, Device? device, ScalarType dtype) : base(nameof(TimeConditionedVisionTransformer))
    {
        embeddings = new ClipVisionEmbeddings(config, device, dtype);
        pre_layrnorm = LayerNorm(config.HiddenSize, config.LayerNormEps, device: device, dtype: dtype);
        encoder = new Encoder(config, device, dtype);
        post_layernorm = LayerNorm(config.HiddenSize, config.LayerNormEps, device: device, dtype: dtype);
        adaLN_modulation = new AdaptiveModulation(config.HiddenSize, 2, device, dtype);
        RegisterComponents();
    }

    public ModuleList<TimeConditionedEncoderLayer> Layers => encoder.layers;

    public ClipVisionOutput forward(Tensor pixelValues_BCHW, Tensor timeEmbedding_BD, bool outputHiddenStates)
    {
        using var scope = NewDisposeScope();
        List<Tensor> states = [pre_layrnorm.forward(embeddings.forward(pixelValues_BCHW))];
        foreach (var layer in encoder.layers)
        {
            var next = layer.forward(states[^1], timeEmbedding_BD);
            if (!outputHiddenStates)
            {
                states[0].Dispose();
                states.Clear();
            }
            states.Add(next);
        }
        var modulation = Modulation(timeEmbedding_BD).chunk(2, -1);
        var pooled_BD = post_layernorm.forward(states[^1].select(1, 0)) * (1 + modulation[1]) + modulation[0];
        return new ClipVisionOutput(states[^1].MoveToOuterDisposeScope(), pooled_BD.MoveToOuterDisposeScope(),
            outputHiddenStates ? [.. states.Select(s => s.MoveToOuterDisposeScope())] : []);
    }

    /// <summary>Shift and scale of the pooled output, [B, 2 * hidden].</summary>
    public Tensor Modulation(Tensor timeEmbedding_BD) => adaLN_modulation.forward(timeEmbedding_BD);

    public void ResetModulation()
    {
        foreach (var layer in encoder.layers) layer.ResetModulation();
        adaLN_modulation.Reset();
    }

    sealed class Encoder : Module
    {
        public readonly ModuleList<TimeConditionedEncoderLayer> layers;

        public Encoder(ClipVisionConfig config, Device? device, ScalarType dtype) : base(nameof(Encoder))
        {
            layers = ModuleList([.. Enumerable.Range(0, config.NumHiddenLayers)
                .Select(_ => new TimeConditionedEncoderLayer(ClipLayerSizes.Of(config), device, dtype))]);
            RegisterComponents();
        }
    }
}
