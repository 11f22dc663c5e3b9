using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Token plus learned position embeddings.</summary>
sealed class ClipTextEmbeddings : Module
{
    readonly TorchSharp.Modules.Embedding token_embedding, position_embedding;

    public ClipTextEmbeddings(ClipTextConfig config, Device? device, ScalarType dtype) : base(nameof(ClipTextEmbeddings))
    {
        token_embedding = Embedding(config.VocabSize, config.HiddenSize, device: device, dtype: dtype);
        position_embedding = Embedding(config.MaxPositionEmbeddings, config.HiddenSize, device: device, dtype: dtype);
        RegisterComponents();
    }

    public Tensor forward(Tensor inputIds_BL)
    {
        using var scope = NewDisposeScope();
        var positions_LD = position_embedding.weight!.narrow(0, 0, inputIds_BL.shape[1]);
        return (token_embedding.forward(inputIds_BL) + positions_LD).MoveToOuterDisposeScope();
    }
}

/// <summary>What a CLIP text tower computes.</summary>
/// <param name="LastHiddenState_BLD">After the final LayerNorm.</param>
/// <param name="PoolerOutput_BD">The last hidden state at the end token.</param>
/// <param name="HiddenStates">
/// The embeddings and each layer's output, never normalised by the final LayerNorm: SDXL takes the last but one. Empty unless asked for.
/// </param>
public sealed record ClipTextOutput(Tensor LastHiddenState_BLD, Tensor PoolerOutput_BD, IReadOnlyList<Tensor> HiddenStates);

/// <summary>The causal text tower (keys below <c>text_model.</c>).</summary>
sealed class ClipTextTransformer : Module
{
    readonly ClipTextEmbeddings embeddings;
    readonly ClipEncoder encoder;
    readonly TorchSharp.Modules.LayerNorm final_layer_norm;
    readonly ClipTextConfig config;

    public ClipTextTransformer(ClipTextConfig config, Device? device, ScalarType dtype) : base(nameof(ClipTextTransformer))
    {
        this.config = config;
        embeddings = new ClipTextEmbeddings(config, device, dtype);
        encoder = new ClipEncoder(ClipLayerSizes.Of(config), config.NumHiddenLayers, device, dtype);
        final_layer_norm = LayerNorm(config.HiddenSize, config.LayerNormEps, device: device, dtype: dtype);
        RegisterComponents();
    }

    public ClipTextOutput forward(Tensor inputIds_BL, Tensor? attentionMask_BL, bool outputHiddenStates)
    {
        CheckIds(inputIds_BL);
        using var scope = NewDisposeScope();
        var mask_B1LL = attentionMask_BL is null ? null : CausalAndPadding(attentionMask_BL.to(inputIds_BL.device));
        var states = encoder.forward(embeddings.forward(inputIds_BL), mask_B1LL, causal: true, outputHiddenStates);
        var last_BLD = final_layer_norm.forward(states[^1]);
        var pooled_BD = Pool(last_BLD, inputIds_BL);
        return new ClipTextOutput(last_BLD.MoveToOuterDisposeScope(), pooled_BD.MoveToOuterDisposeScope(),
            outputHiddenStates ? [.. states.Select(s => s.MoveToOuterDisposeScope())] : []);
    }

    void CheckIds(Tensor inputIds_BL)
    {
        if (inputIds_BL.dim() != 2 || inputIds_BL.shape[1] > config.MaxPositionEmbeddings)
            throw new ArgumentException($"Token ids have the shape [{string.Join(", ", inputIds_BL.shape)}]; " +
                $"expected [batch, length] with a length of at most {config.MaxPositionEmbeddings}.", nameof(inputIds_BL));
    }

    static Tensor CausalAndPadding(Tensor attentionMask_BL)
    {
        var length = attentionMask_BL.shape[1];
        var causal_LL = ones(length, length, ScalarType.Bool, attentionMask_BL.device).tril();
        return causal_LL.logical_and(attentionMask_BL.to_type(ScalarType.Bool).unsqueeze(1).unsqueeze(1));
    }

    Tensor Pool(Tensor last_BLD, Tensor inputIds_BL)
    {
        // 2 is what transformers wrote before it knew the real end token, which has the largest id.
        var position_B = config.EosTokenId == 2
            ? inputIds_BL.argmax(-1)
            : inputIds_BL.eq(config.EosTokenId).to_type(ScalarType.Int32).argmax(-1);
        var index_B1D = position_B.view(-1, 1, 1).expand(-1, 1, last_BLD.shape[2]);
        return last_BLD.gather(1, index_B1D).squeeze(1);
    }
}
