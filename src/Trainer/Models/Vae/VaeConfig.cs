using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>The settings of an image autoencoder, from diffusers' <c>config.json</c>; absent keys have the defaults of diffusers 0.26.</summary>
public sealed record VaeConfig
{
    /// <summary>Channels of an image.</summary>
    public int InChannels { get; init; } = 3;

    public int OutChannels { get; init; } = 3;

    public int LatentChannels { get; init; } = 4;

    /// <summary>Channels from the highest resolution to the lowest; each level but the last halves the sides.</summary>
    public IReadOnlyList<int> BlockOutChannels { get; init; } = [64];

    /// <summary>Resnets of each encoder block; a decoder block has one more.</summary>
    public int LayersPerBlock { get; init; } = 1;

    public int NormNumGroups { get; init; } = 32;

    /// <summary>Side of the square images that the model was trained on.</summary>
    public int SampleSize { get; init; } = 32;

    /// <summary>Latents are multiplied by this before the UNet sees them, and divided by it before decoding.</summary>
    public double ScalingFactor { get; init; } = 0.18215;

    /// <summary>The model overflows float16: SDXL's pipelines run it in float32 then (SDXL's own VAE). Pipelines of SD 1.5 ignore it.</summary>
    public bool ForceUpcast { get; init; } = true;

    /// <summary>Pixels of an image's side for each latent.</summary>
    public int Downscaling => 1 << (BlockOutChannels.Count - 1);

    /// <exception cref="CheckpointException">The file is missing or malformed, or asks for what is not supported; everything is listed.</exception>
    public static VaeConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "an autoencoder's config.json"), path);

    /// <param name="json">The root object of config.json.</param>
    /// <param name="origin">Where it is from, for messages.</param>
    /// <exception cref="CheckpointException">It asks for what is not supported; everything is listed.</exception>
    public static VaeConfig Parse(JsonElement json, string origin)
    {
        var read = new ModelConfigReader(json, origin);
        read.OnlySupported("_class_name", "\"AutoencoderKL\"");
        read.OnlySupported("act_fn", "\"silu\"", "\"swish\"");
        foreach (var key in (string[])["use_quant_conv", "use_post_quant_conv", "mid_block_add_attention"]) read.OnlySupported(key, "true");
        foreach (var key in (string[])["latents_mean", "latents_std", "shift_factor"]) read.OnlySupported(key);
        var d = new VaeConfig();
        var config = new VaeConfig
        {
            InChannels = read.Count("in_channels", d.InChannels, ModelConfigReader.MostChannels),
            OutChannels = read.Count("out_channels", d.OutChannels, ModelConfigReader.MostChannels),
            LatentChannels = read.Count("latent_channels", d.LatentChannels, ModelConfigReader.MostChannels),
            BlockOutChannels = read.Ints("block_out_channels", d.BlockOutChannels),
            LayersPerBlock = read.Count("layers_per_block", d.LayersPerBlock, ModelConfigReader.MostLayers),
            NormNumGroups = read.Int("norm_num_groups", d.NormNumGroups),
            SampleSize = read.Int("sample_size", d.SampleSize),
            ScalingFactor = read.Positive("scaling_factor", d.ScalingFactor),
            ForceUpcast = read.Bool("force_upcast", d.ForceUpcast),
        };
        CheckBlocks(read, "down_block_types", "DownEncoderBlock2D", config.BlockOutChannels.Count);
        CheckBlocks(read, "up_block_types", "UpDecoderBlock2D", config.BlockOutChannels.Count);
        foreach (var channels in config.BlockOutChannels.Where(c => c is < 1 or > ModelConfigReader.MostChannels || config.NormNumGroups < 1 || c % config.NormNumGroups != 0))
            read.Problem($"block_out_channels has {channels}; expected a multiple of norm_num_groups, {config.NormNumGroups}, up to {ModelConfigReader.MostChannels}");
        read.ThrowIfProblems("VAE");
        return config;
    }

    static void CheckBlocks(ModelConfigReader read, string key, string supported, int blocks)
    {
        var types = read.Strings(key, [supported]);
        foreach (var type in types.Distinct().Where(t => t != supported)) read.Problem($"{key} has \"{type}\"; supported: \"{supported}\"");
        if (types.Count != blocks) read.Problem($"{key} has {types.Count} entries, block_out_channels {blocks}; expected as many");
    }
}
