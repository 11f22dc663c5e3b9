using System.Text.Json;
using SpoActors.Trainer.Models.Blip;

namespace SpoActors.Golden.Tests.Preference;

static class ImageRewardSizes
{
    /// <summary>The sizes as the cases and the manifest state them.</summary>
    public static ImageRewardConfig Read(JsonElement config)
    {
        var vit = config.GetProperty("vit");
        var sizes = new ImageRewardConfig
        {
            ImageSize = config.GetProperty("image_size").GetInt32(),
            PatchSize = vit.GetProperty("patch_size").GetInt32(),
            VisionWidth = vit.GetProperty("embed_dim").GetInt32(),
            VisionLayers = vit.GetProperty("depth").GetInt32(),
            VisionHeads = vit.GetProperty("num_heads").GetInt32(),
        }.WithText(config.GetProperty("med_config"));
        return config.TryGetProperty("mean", out var mean)
            ? sizes with { RewardMean = mean.GetDouble(), RewardDeviation = config.GetProperty("std").GetDouble() }
            : sizes;
    }
}
