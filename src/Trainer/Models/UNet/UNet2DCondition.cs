using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>
/// The text-conditioned UNet of Stable Diffusion 1.x, 2.x and XL (arXiv 2112.10752; SDXL: 2307.01952), with diffusers' state-dict
/// keys. Weights are frozen: training goes through LoRA branches or sets <c>requires_grad</c> itself.
/// </summary>
/// <remarks>
/// A forward pass leaves nothing but its result in the caller's dispose scope; everything else lives as long as autograd needs it.
/// Shape letters: B batch, C channels, H and W rows and columns, T time embedding, S text tokens, D text width.
/// </remarks>
public sealed class UNet2DCondition : nn.Module<Tensor, Tensor, UNetConditioning, Tensor>
{
    readonly Convolution2d conv_in;
    readonly TimestepEmbedding time_embedding;
    readonly TimestepEmbedding? add_embedding;
    readonly ModuleList<UNetDownBlock> down_blocks = new();
    readonly UNetMidBlock mid_block;
    readonly ModuleList<UNetUpBlock> up_blocks = new();
    readonly GroupNorm conv_norm_out;
    readonly Convolution2d conv_out;
    readonly ComputeOptions options = new();

    /// <param name="config">The model's settings.</param>
    /// <param name="device">Where the weights are; META allocates none, for a checkpoint to be loaded into.</param>
    /// <param name="dtype">Type of the weights and of the computation.</param>
    public UNet2DCondition(UNetConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(UNet2DCondition))
    {
        Config = config;
        var channels = config.BlockOutChannels;
        conv_in = new Convolution2d(config.InChannels, channels[0], config.ConvInKernel, padding: config.ConvInKernel / 2, device: device, dtype: dtype);
        time_embedding = new TimestepEmbedding(channels[0], config.TimeEmbeddingDim, device, dtype);
        if (config.AddedConditioning is { } added)
            add_embedding = new TimestepEmbedding(added.InputDim, config.TimeEmbeddingDim, device, dtype);
        var context = new UNetBlockContext(config, options, device, dtype);
        for (var level = 0; level < channels.Count; level++)
            down_blocks.Add(new UNetDownBlock(context, level, channels[Math.Max(level - 1, 0)]));
        mid_block = new UNetMidBlock(context);
        for (var level = channels.Count - 1; level >= 0; level--)
            up_blocks.Add(new UNetUpBlock(context, level, channels[Math.Min(level + 1, channels.Count - 1)]));
        conv_norm_out = Norms.Group(config.NormNumGroups, channels[0], config.NormEps, device, dtype);
        conv_out = new Convolution2d(channels[0], config.OutChannels, config.ConvOutKernel, padding: config.ConvOutKernel / 2, device: device, dtype: dtype);
        RegisterComponents();
        foreach (var parameter in parameters()) parameter.requires_grad_(false);
        eval();
    }

    public UNetConfig Config { get; }

    /// <summary>How attention is computed.</summary>
    public AttentionKind Attention { get => options.Attention; set => options.Attention = value; }

    /// <summary>Recompute the activations of each resnet and transformer block in the backward pass instead of keeping them.</summary>
    public bool GradientCheckpointing { get => options.GradientCheckpointing; set => options.GradientCheckpointing = value; }

    /// <param name="sample_BCHW">Noisy latents, in the model's type; any height and width.</param>
    /// <param name="timesteps">Whole or fractional timesteps, [B] or a scalar for all rows.</param>
    /// <param name="conditioning">Text, and for SDXL pooled text and sizes.</param>
    /// <returns>The prediction (epsilon, v or x_0, whatever the model was trained for), [B, C', H, W].</returns>
    /// <exception cref="ArgumentException">The conditioning lacks what the model needs.</exception>
    public override Tensor forward(Tensor sample_BCHW, Tensor timesteps, UNetConditioning conditioning)
    {
        using var scope = NewDisposeScope();
        var time_BT = Norms.SiluOwned(Embed(sample_BCHW, timesteps, conditioning));
        var text_BSD = conditioning.EncoderHiddenStates;

        if (Config.CenterInputSample) sample_BCHW = 2 * sample_BCHW - 1;
        var skips = new Stack<Tensor>();
        skips.Push(conv_in.call(sample_BCHW));
        foreach (var block in down_blocks)
            foreach (var output in block.call(skips.Peek(), time_BT, text_BSD))
                skips.Push(output);

        var hidden = mid_block.call(skips.Peek(), time_BT, text_BSD);

        foreach (var block in up_blocks)
        {
            var used = Enumerable.Range(0, block.Layers).Select(_ => skips.Pop()).ToArray();
            // Sides that did not halve evenly on the way down: enlarge to the size of the next skip connection.
            var size = skips.TryPeek(out var next) ? next.shape[2..] : null;
            var output = block.call(hidden, new(used, time_BT, text_BSD, size));
            hidden.Dispose();
            foreach (var tensor in used) tensor.Dispose();
            hidden = output;
        }
        using var activated = Norms.NormSilu(conv_norm_out, hidden);
        return conv_out.call(activated).MoveToOuterDisposeScope();
    }

    /// <summary>Time embedding plus SDXL's added conditioning, [B, T].</summary>
    Tensor Embed(Tensor sample_BCHW, Tensor timesteps, UNetConditioning conditioning)
    {
        var (batch, dtype, device) = (sample_BCHW.shape[0], conv_in.weight.dtype, sample_BCHW.device);
        var steps_B = timesteps.to(device).reshape(-1).expand(batch);
        var sinusoid_BC = Sinusoid.Embed(steps_B, Config.BlockOutChannels[0], Config.FlipSinToCos, Config.FreqShift).to_type(dtype);
        var time_BT = time_embedding.call(sinusoid_BC);
        if (add_embedding is null) return time_BT;

        if (conditioning.TextEmbeds is null || conditioning.TimeIds is null)
            throw new ArgumentException("This UNet (SDXL) is conditioned on pooled text embeddings and image sizes, but the conditioning " +
                "has no TextEmbeds or no TimeIds; give both.", nameof(conditioning));
        var sizes_BX = Sinusoid.Embed(conditioning.TimeIds.reshape(-1), Config.AddedConditioning!.TimeEmbedDim, Config.FlipSinToCos, Config.FreqShift)
            .reshape(batch, -1);
        var added_BX = cat([conditioning.TextEmbeds, sizes_BX.to_type(conditioning.TextEmbeds.dtype)], -1).to_type(dtype);
        return time_BT.add_(add_embedding.call(added_BX));
    }
}
