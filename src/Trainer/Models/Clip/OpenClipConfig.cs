using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>open_clip's way of writing down a CLIP's sizes (<c>open_clip_config.json</c>, or a model's file in its source).</summary>
public static class OpenClipConfig
{
    /// <summary>ViT-H-14, which HPSv2 is.</summary>
    public static ClipConfig VitH14 { get; } = new(
        new ClipTextConfig { HiddenSize = 1024, IntermediateSize = 4096, NumHiddenLayers = 24, NumAttentionHeads = 16, HiddenAct = HiddenActivation.Gelu, EosTokenId = LargestId },
        new ClipVisionConfig { HiddenSize = 1280, IntermediateSize = 5120, NumHiddenLayers = 32, NumAttentionHeads = 16, PatchSize = 14, HiddenAct = HiddenActivation.Gelu })
    { ProjectionDim = 1024 };

    /// <summary>open_clip pools a text at its largest id.</summary>
    const int LargestId = 2;

    /// <exception cref="CheckpointException">Unreadable or not supported; everything wrong is listed.</exception>
    public static ClipConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "open_clip's configuration"), path);

    /// <param name="json">The configuration, or an object that has it as <c>model_cfg</c>.</param>
    /// <param name="origin">What to call it in an error.</param>
    public static ClipConfig Parse(JsonElement json, string origin)
    {
        if (json.TryGetProperty("model_cfg", out var inner) && inner.ValueKind == JsonValueKind.Object) json = inner;
        if (!json.TryGetProperty("text_cfg", out var textJson) || textJson.ValueKind != JsonValueKind.Object || !json.TryGetProperty("vision_cfg", out var visionJson) || visionJson.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"{origin}: no text_cfg and vision_cfg; this is not open_clip's configuration of a CLIP.");
        var (read, text, vision) = (new ModelConfigReader(json, origin), new ModelConfigReader(textJson, origin + " text_cfg"), new ModelConfigReader(visionJson, origin + " vision_cfg"));
        var activation = read.Bool("quick_gelu", false) ? HiddenActivation.QuickGelu : HiddenActivation.Gelu;
        var (textWidth, visionWidth) = (text.Size("width", 512), vision.Size("width", 768));
        var config = new ClipConfig(
            new ClipTextConfig
            {
                VocabSize = text.Size("vocab_size", 49408),
                HiddenSize = textWidth,
                IntermediateSize = Mlp(text, textWidth),
                NumHiddenLayers = text.Size("layers", 12),
                NumAttentionHeads = text.Size("heads", 8),
                MaxPositionEmbeddings = text.Size("context_length", 77),
                HiddenAct = activation,
                EosTokenId = LargestId,
            },
            new ClipVisionConfig
            {
                HiddenSize = visionWidth,
                IntermediateSize = Mlp(vision, visionWidth),
                NumHiddenLayers = vision.Size("layers", 12),
                NumAttentionHeads = visionWidth / vision.Size("head_width", 64),
                ImageSize = vision.Size("image_size", 224),
                PatchSize = vision.Size("patch_size", 16),
                HiddenAct = activation,
            })
        { ProjectionDim = read.Size("embed_dim", 512) };
        if (config.Vision.ImageSize < config.Vision.PatchSize) vision.Problem($"image_size {config.Vision.ImageSize} is below patch_size {config.Vision.PatchSize}");
        text.CheckLayers(config.Text.HiddenSize, config.Text.NumAttentionHeads, config.Text.LayerNormEps);
        if (config.Vision.NumAttentionHeads < 1) vision.Problem($"head_width is above width {visionWidth}");
        else vision.CheckLayers(config.Vision.HiddenSize, config.Vision.NumAttentionHeads, config.Vision.LayerNormEps);
        foreach (var part in new[] { read, text, vision }) part.ThrowIfProblems("open_clip model");
        return config;
    }

    static int Mlp(ModelConfigReader read, int width)
    {
        var inner = width * read.Positive("mlp_ratio", 4);
        if (inner is >= 1 and <= ModelConfigReader.MostChannels) return (int)inner;
        read.Problem($"mlp_ratio makes {inner} of the width {width}; expected 1 to {ModelConfigReader.MostChannels}");
        return width;
    }
}
