using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Configuration of a dual (text and vision) CLIP.</summary>
public sealed record ClipConfig(ClipTextConfig Text, ClipVisionConfig Vision)
{
    /// <summary>Width of the common embedding space. This one counts, not those of the nested parts.</summary>
    public int ProjectionDim { get; init; } = 512;

    /// <summary>Initial log of the temperature; a checkpoint overwrites it.</summary>
    public double LogitScaleInitValue { get; init; } = 2.6592;

    /// <exception cref="CheckpointException">Unreadable or not supported; everything wrong is listed.</exception>
    public static ClipConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "a CLIP model's config.json"), path);

    public static ClipConfig Parse(JsonElement json, string origin = "CLIP config")
    {
        if (!ClipConfigJson.IsDual(json))
            throw new CheckpointException($"{origin}: no text_config and vision_config; this is not the config of a dual CLIP model.");
        var read = new ModelConfigReader(json, origin);
        var config = new ClipConfig(ClipTextConfig.Parse(json, origin + " text_config"), ClipVisionConfig.Parse(json, origin + " vision_config"))
        {
            ProjectionDim = read.Size("projection_dim", 512),
            LogitScaleInitValue = read.Double("logit_scale_init_value", 2.6592),
        };
        read.ThrowIfProblems("CLIP model");
        return config;
    }
}
