using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

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
    public int EosTokenId { get; init; } = 49407;

    /// <exception cref="CheckpointException">Unreadable or not supported; everything wrong is listed.</exception>
    public static ClipTextConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "a CLIP model's config.json"), path);

    /// <summary>Parses a text encoder's config, or takes the text part of a dual CLIP's.</summary>
    public static ClipTextConfig Parse(JsonElement json, string origin = "CLIP text config")
    {
        var read = new ModelConfigReader(ClipConfigJson.Part(json, "text_config"), origin);
        var d = new ClipTextConfig();
        var config = new ClipTextConfig
        {
            VocabSize = read.Size("vocab_size", d.VocabSize),
            HiddenSize = read.Size("hidden_size", d.HiddenSize),
            IntermediateSize = read.Size("intermediate_size", d.IntermediateSize),
            NumHiddenLayers = read.Size("num_hidden_layers", d.NumHiddenLayers),
            NumAttentionHeads = read.Size("num_attention_heads", d.NumAttentionHeads),
            MaxPositionEmbeddings = read.Size("max_position_embeddings", d.MaxPositionEmbeddings),
            HiddenAct = read.Activation("hidden_act"),
            LayerNormEps = read.Double("layer_norm_eps", d.LayerNormEps),
            ProjectionDim = read.Size("projection_dim", d.ProjectionDim),
            EosTokenId = read.Int("eos_token_id", d.EosTokenId),
        };
        read.CheckLayers(config.HiddenSize, config.NumAttentionHeads, config.LayerNormEps);
        read.ThrowIfProblems("CLIP text encoder");
        return config;
    }
}
