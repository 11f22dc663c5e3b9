using System.Text.Json;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Sizes and settings of a CLIP vision tower; defaults are those of transformers' CLIPVisionConfig.</summary>
public sealed record ClipVisionConfig
{
    /// <summary>Width of the hidden states.</summary>
    public int HiddenSize { get; init; } = 768;

    public int IntermediateSize { get; init; } = 3072;

    public int NumHiddenLayers { get; init; } = 12;

    public int NumAttentionHeads { get; init; } = 12;

    public int NumChannels { get; init; } = 3;

    /// <summary>Rows and columns of the input image, pixels.</summary>
    public int ImageSize { get; init; } = 224;

    /// <summary>Rows and columns of one patch, pixels.</summary>
    public int PatchSize { get; init; } = 32;

    public HiddenActivation HiddenAct { get; init; } = HiddenActivation.QuickGelu;

    public double LayerNormEps { get; init; } = 1e-5;

    /// <summary>Width of <c>image_embeds</c> where the model has a projection of its own.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Patches of an image, without the class token.</summary>
    public int NumPatches => ImageSize / PatchSize * (ImageSize / PatchSize);

    /// <exception cref="ClipConfigException">Unreadable or invalid.</exception>
    public static ClipVisionConfig Load(string path) => ClipConfigJson.ReadFile(path, Parse);

    /// <summary>Parses an image encoder's config, or takes the vision part of a dual CLIP's.</summary>
    public static ClipVisionConfig Parse(JsonElement json, string origin = "CLIP vision config")
    {
        if (ClipConfigJson.IsDual(json)) json = ClipConfigJson.Nested(json, "vision_config");
        var read = new ClipConfigJson(json, origin);
        var config = new ClipVisionConfig
        {
            HiddenSize = read.Size("hidden_size", 768),
            IntermediateSize = read.Size("intermediate_size", 3072),
            NumHiddenLayers = read.Size("num_hidden_layers", 12),
            NumAttentionHeads = read.Size("num_attention_heads", 12),
            NumChannels = read.Size("num_channels", 3),
            ImageSize = read.Size("image_size", 224),
            PatchSize = read.Size("patch_size", 32),
            HiddenAct = read.Activation("hidden_act"),
            LayerNormEps = read.Positive("layer_norm_eps", 1e-5),
            ProjectionDim = read.Size("projection_dim", 512),
        };
        read.Require(config.HiddenSize % config.NumAttentionHeads == 0,
            $"hidden_size {config.HiddenSize} is not a multiple of num_attention_heads {config.NumAttentionHeads}");
        read.Require(config.ImageSize >= config.PatchSize, $"image_size {config.ImageSize} is below patch_size {config.PatchSize}");
        read.ThrowIfInvalid();
        return config;
    }
}
