using System.Text.Json;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Sizes and settings of a CLIP text tower (<c>text_encoder/config.json</c>); defaults are those of transformers' CLIPTextConfig.</summary>
public sealed record ClipTextConfig
{
    public int VocabSize { get; init; } = 49408;

    /// <summary>Width of the hidden states.</summary>
    public int HiddenSize { get; init; } = 512;

    public int IntermediateSize { get; init; } = 2048;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 8;

    /// <summary>Longest prompt in tokens.</summary>
    public int MaxPositionEmbeddings { get; init; } = 77;

    public HiddenActivation HiddenAct { get; init; } = HiddenActivation.QuickGelu;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>Width of <c>text_embeds</c> where the model has a projection of its own.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>
    /// 2 (all published configs) pools at the position of the largest id, since the end token has the largest one; any other
    /// value at the first such token.
    /// </summary>
    public long EosTokenId { get; init; } = 49407;

    /// <exception cref="ClipConfigException">Unreadable or invalid.</exception>
    public static ClipTextConfig Load(string path) => ClipConfigJson.ReadFile(path, Parse);

    /// <summary>Parses a text encoder's config, or takes the text part of a dual CLIP's.</summary>
    public static ClipTextConfig Parse(JsonElement json, string origin = "CLIP text config")
    {
        if (ClipConfigJson.IsDual(json)) json = ClipConfigJson.Nested(json, "text_config");
        var read = new ClipConfigJson(json, origin);
        var config = new ClipTextConfig
        {
            VocabSize = read.Size("vocab_size", 49408),
            HiddenSize = read.Size("hidden_size", 512),
            IntermediateSize = read.Size("intermediate_size", 2048),
            NumHiddenLayers = read.Size("num_hidden_layers", 12),
            NumAttentionHeads = read.Size("num_attention_heads", 8),
            MaxPositionEmbeddings = read.Size("max_position_embeddings", 77),
            HiddenAct = read.Activation("hidden_act"),
            LayerNormEps = read.Positive("layer_norm_eps", 1e-5),
            ProjectionDim = read.Size("projection_dim", 512),
            EosTokenId = read.TokenId("eos_token_id", 49407)!.Value,
        };
        read.Require(config.HiddenSize % config.NumAttentionHeads == 0,
            $"hidden_size {config.HiddenSize} is not a multiple of num_attention_heads {config.NumAttentionHeads}");
        read.ThrowIfInvalid();
        return config;
    }
}
