using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Sizes and settings of a CLIP vision tower; defaults are those of transformers' CLIPVisionConfig.</summary>
public sealed record ClipVisionConfig
{
    const int LargestImage = 4096;

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

    /// <exception cref="CheckpointException">Unreadable or not supported; everything wrong is listed.</exception>
    public static ClipVisionConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "a CLIP model's config.json"), path);

    /// <summary>Parses an image encoder's config, or takes the vision part of a dual CLIP's.</summary>
    public static ClipVisionConfig Parse(JsonElement json, string origin = "CLIP vision config")
    {
        var read = new ModelConfigReader(ClipConfigJson.Part(json, "vision_config"), origin);
        var d = new ClipVisionConfig();
        var config = new ClipVisionConfig
        {
            HiddenSize = read.Size("hidden_size", d.HiddenSize),
            IntermediateSize = read.Size("intermediate_size", d.IntermediateSize),
            NumHiddenLayers = read.Size("num_hidden_layers", d.NumHiddenLayers),
            NumAttentionHeads = read.Size("num_attention_heads", d.NumAttentionHeads),
            NumChannels = read.Size("num_channels", d.NumChannels),
            ImageSize = read.Size("image_size", d.ImageSize),
            PatchSize = read.Size("patch_size", d.PatchSize),
            HiddenAct = read.Activation("hidden_act"),
            LayerNormEps = read.Double("layer_norm_eps", d.LayerNormEps),
            ProjectionDim = read.Size("projection_dim", d.ProjectionDim),
        };
        read.CheckLayers(config.HiddenSize, config.NumAttentionHeads, config.LayerNormEps);
        if (config.ImageSize > LargestImage) read.Problem($"image_size is {config.ImageSize}; expected at most {LargestImage}");
        if (config.ImageSize < config.PatchSize) read.Problem($"image_size {config.ImageSize} is below patch_size {config.PatchSize}");
        read.ThrowIfProblems("CLIP vision encoder");
        return config;
    }
}
