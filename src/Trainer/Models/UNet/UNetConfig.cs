using System.Text.Json;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>
/// The settings of a conditional UNet, from diffusers' <c>config.json</c>; absent keys have the defaults of diffusers 0.26.
/// Lists have one entry for each block, from the highest resolution to the lowest, for the up path too.
/// </summary>
public sealed record UNetConfig
{
    const string AttentionDown = "CrossAttnDownBlock2D", PlainDown = "DownBlock2D";
    const string AttentionUp = "CrossAttnUpBlock2D", PlainUp = "UpBlock2D";
    const string TextTime = "text_time";

    /// <summary>Transformer blocks and resnets; SDXL has some 100.</summary>
    const int MostBlocks = 2048;

    const int LargestKernel = 15, LargestSample = 65_536;

    /// <summary>Side of the square latents that the model was trained on; null where the file doesn't say.</summary>
    public int? SampleSize { get; init; }

    public int InChannels { get; init; } = 4;

    public int OutChannels { get; init; } = 4;

    public IReadOnlyList<int> BlockOutChannels { get; init; } = [320, 640, 1280, 1280];

    /// <summary>Resnets of each down block; an up block has one more.</summary>
    public IReadOnlyList<int> LayersPerBlock { get; init; } = [2, 2, 2, 2];

    /// <summary>Whether the down block attends to the text.</summary>
    public IReadOnlyList<bool> DownAttention { get; init; } = [true, true, true, false];

    /// <summary>Whether the up block of that level attends to the text.</summary>
    public IReadOnlyList<bool> UpAttention { get; init; } = [true, true, true, false];

    /// <summary>Heads of each block: what the file calls <c>attention_head_dim</c>, which despite its name holds their number.</summary>
    public IReadOnlyList<int> AttentionHeads { get; init; } = [8, 8, 8, 8];

    /// <summary>Transformer blocks in each transformer of a level; the mid block has as many as the last level.</summary>
    public IReadOnlyList<int> TransformerLayersPerBlock { get; init; } = [1, 1, 1, 1];

    /// <summary>Width of the text encoder's states.</summary>
    public int CrossAttentionDim { get; init; } = 1280;

    public bool UseLinearProjection { get; init; }

    /// <summary>Compute attention scores in float32 in a model of a smaller type (SD 2.1).</summary>
    public bool UpcastAttention { get; init; }

    public int NormNumGroups { get; init; } = 32;

    /// <summary>Epsilon of the resnets' norms and of the last norm.</summary>
    public double NormEps { get; init; } = 1e-5;

    public int DownsamplePadding { get; init; } = 1;

    public bool FlipSinToCos { get; init; } = true;

    public double FreqShift { get; init; }

    public bool CenterInputSample { get; init; }

    public int ConvInKernel { get; init; } = 3;

    public int ConvOutKernel { get; init; } = 3;

    /// <summary>SDXL's conditioning on the pooled text embedding and on image sizes; null without.</summary>
    public TextTimeEmbedding? AddedConditioning { get; init; }

    /// <summary>Width of the time embedding.</summary>
    public int TimeEmbeddingDim => 4 * BlockOutChannels[0];

    /// <summary>SDXL's <c>text_time</c> embedding.</summary>
    /// <param name="TimeEmbedDim">Width of the sinusoid of each of the time ids.</param>
    /// <param name="InputDim">Width of pooled text embedding and sinusoids together.</param>
    public sealed record TextTimeEmbedding(int TimeEmbedDim, int InputDim);

    /// <exception cref="CheckpointException">The file is missing or malformed, or asks for what is not supported; everything is listed.</exception>
    public static UNetConfig Load(string path) => Parse(CheckpointJson.ReadObject(path, "a UNet's config.json"), path);

    /// <param name="json">The root object of config.json.</param>
    /// <param name="origin">Where it is from, for messages.</param>
    /// <exception cref="CheckpointException">It asks for what is not supported; everything is listed.</exception>
    public static UNetConfig Parse(JsonElement json, string origin)
    {
        var read = new ModelConfigReader(json, origin);
        RefuseUnsupported(read);
        var d = new UNetConfig();
        var channels = read.Ints("block_out_channels", d.BlockOutChannels);
        var down = Attends(read, "down_block_types", [AttentionDown, AttentionDown, AttentionDown, PlainDown], AttentionDown, PlainDown, channels.Count);
        var up = Attends(read, "up_block_types", [PlainUp, AttentionUp, AttentionUp, AttentionUp], AttentionUp, PlainUp, channels.Count);
        var config = new UNetConfig
        {
            SampleSize = read.OptionalInt("sample_size"),
            InChannels = read.Count("in_channels", d.InChannels, ModelConfigReader.MostChannels),
            OutChannels = read.Count("out_channels", d.OutChannels, ModelConfigReader.MostChannels),
            BlockOutChannels = channels,
            LayersPerBlock = read.IntPerBlock("layers_per_block", 2, channels.Count),
            DownAttention = down,
            UpAttention = [.. up.Reverse()],
            AttentionHeads = read.IntPerBlock("attention_head_dim", 8, channels.Count),
            TransformerLayersPerBlock = read.IntPerBlock("transformer_layers_per_block", 1, channels.Count),
            CrossAttentionDim = read.Count("cross_attention_dim", d.CrossAttentionDim, ModelConfigReader.MostChannels),
            UseLinearProjection = read.Bool("use_linear_projection", false),
            UpcastAttention = read.Bool("upcast_attention", false),
            NormNumGroups = read.Int("norm_num_groups", d.NormNumGroups),
            NormEps = read.Positive("norm_eps", d.NormEps),
            DownsamplePadding = read.Int("downsample_padding", d.DownsamplePadding),
            FlipSinToCos = read.Bool("flip_sin_to_cos", d.FlipSinToCos),
            FreqShift = read.Double("freq_shift", d.FreqShift),
            CenterInputSample = read.Bool("center_input_sample", false),
            ConvInKernel = read.Count("conv_in_kernel", d.ConvInKernel, LargestKernel),
            ConvOutKernel = read.Count("conv_out_kernel", d.ConvOutKernel, LargestKernel),
            AddedConditioning = ReadAddedConditioning(read),
        };
        config.CheckSizes(read);
        read.ThrowIfProblems("UNet");
        return config;
    }

    static void RefuseUnsupported(ModelConfigReader read)
    {
        read.OnlySupported("_class_name", "\"UNet2DConditionModel\"");
        read.OnlySupported("act_fn", "\"silu\"", "\"swish\"");
        read.OnlySupported("mid_block_type", "\"UNetMidBlock2DCrossAttn\"");
        read.NotNull("mid_block_type", "a UNet without a mid block is not supported");
        read.OnlySupported("addition_embed_type", $"\"{TextTime}\"");
        read.OnlySupported("attention_type", "\"default\"");
        read.OnlySupported("resnet_time_scale_shift", "\"default\"");
        read.OnlySupported("time_embedding_type", "\"positional\"");
        foreach (var number in (string[])["mid_block_scale_factor", "resnet_out_scale_factor"]) read.OnlySupported(number, "1");
        read.OnlySupported("dropout", "0");
        string[] absent = ["class_embed_type", "num_class_embeds", "encoder_hid_dim", "encoder_hid_dim_type", "num_attention_heads",
            "cross_attention_norm", "time_cond_proj_dim", "time_embedding_dim", "time_embedding_act_fn", "timestep_post_act",
            "reverse_transformer_layers_per_block"];
        foreach (var key in absent) read.OnlySupported(key);
        string[] off = ["only_cross_attention", "mid_block_only_cross_attention", "dual_cross_attention", "class_embeddings_concat", "resnet_skip_time_act"];
        foreach (var key in off) read.OnlySupported(key, "false");
    }

    static bool[] Attends(ModelConfigReader read, string key, string[] byDefault, string attending, string plain, int blocks)
    {
        var types = read.Strings(key, byDefault);
        foreach (var type in types.Distinct().Where(t => t != attending && t != plain))
            read.Problem($"{key} has \"{type}\"; supported: \"{attending}\" and \"{plain}\"");
        if (types.Count != blocks) read.Problem($"{key} has {types.Count} entries, block_out_channels {blocks}; expected as many");
        return [.. types.Select(t => t == attending)];
    }

    static TextTimeEmbedding? ReadAddedConditioning(ModelConfigReader read)
    {
        if (read.OptionalString("addition_embed_type") != TextTime) return null;
        var (time, input) = (read.OptionalInt("addition_time_embed_dim"), read.OptionalInt("projection_class_embeddings_input_dim"));
        if (time is null || input is null)
            read.Problem($"addition_embed_type is \"{TextTime}\", which needs addition_time_embed_dim and projection_class_embeddings_input_dim");
        return new(time ?? 0, input ?? 0);
    }

    void CheckSizes(ModelConfigReader read)
    {
        for (var level = 0; level < BlockOutChannels.Count; level++)
        {
            var (channels, heads) = (BlockOutChannels[level], AttentionHeads[level]);
            if (channels is < 1 or > ModelConfigReader.MostChannels || NormNumGroups < 1 || channels % NormNumGroups != 0)
                read.Problem($"block_out_channels has {channels}; expected a multiple of norm_num_groups, {NormNumGroups}, up to {ModelConfigReader.MostChannels}");
            if (heads < 1 || channels % heads != 0)
                read.Problem($"attention_head_dim (the number of heads) has {heads}; expected a divisor of the block's {channels} channels");
            foreach (var (key, count) in ((string, int)[])[("layers_per_block", LayersPerBlock[level]), ("transformer_layers_per_block", TransformerLayersPerBlock[level])])
                if (count is < 1 or > ModelConfigReader.MostLayers) read.Problem($"{key} has {count}; expected 1 to {ModelConfigReader.MostLayers}");
        }
        var blocks = BlockOutChannels.Select((_, level) => (2L * LayersPerBlock[level] + 1) * (1L + TransformerLayersPerBlock[level])).Sum();
        if (blocks > MostBlocks) read.Problem($"layers_per_block and transformer_layers_per_block make {blocks} blocks; expected at most {MostBlocks}");
        if (DownsamplePadding is not (0 or 1)) read.Problem($"downsample_padding is {DownsamplePadding}; expected 0 or 1");
        if (SampleSize is < 1 or > LargestSample) read.Problem($"sample_size is {SampleSize}; expected 1 to {LargestSample}");
        if (AddedConditioning is { } added && !(added.TimeEmbedDim is > 0 and <= ModelConfigReader.MostChannels && added.InputDim is > 0 and <= ModelConfigReader.MostChannels))
            read.Problem($"addition_time_embed_dim is {added.TimeEmbedDim}, projection_class_embeddings_input_dim {added.InputDim}; expected 1 to {ModelConfigReader.MostChannels}");
        if (BlockOutChannels[0] % 2 != 0) read.Problem($"block_out_channels starts with {BlockOutChannels[0]}; expected an even number");
    }
}
