using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>
/// The image autoencoder of latent diffusion (arXiv 2112.10752, section 3.1), with diffusers' state-dict keys. Latents here are
/// the autoencoder's own: multiply by <see cref="VaeConfig.ScalingFactor"/> what the UNet is to see, divide what it gave.
/// </summary>
/// <remarks>A call leaves nothing but its result in the caller's dispose scope. Weights are frozen.</remarks>
public sealed class AutoencoderKl : nn.Module<Tensor, Tensor>
{
    readonly VaeEncoder encoder;
    readonly VaeDecoder decoder;
    readonly Convolution2d quant_conv;
    readonly Convolution2d post_quant_conv;
    readonly ComputeOptions options = new();

    /// <param name="config">The model's settings.</param>
    /// <param name="device">Where the weights are; META allocates none, for a checkpoint to be loaded into.</param>
    /// <param name="dtype">Type of the weights and of the computation.</param>
    public AutoencoderKl(VaeConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(AutoencoderKl))
    {
        Config = config;
        var context = new VaeBlockContext(config, options, device, dtype);
        encoder = new VaeEncoder(context);
        decoder = new VaeDecoder(context);
        quant_conv = new Convolution2d(2 * config.LatentChannels, 2 * config.LatentChannels, 1, device: device, dtype: dtype);
        post_quant_conv = new Convolution2d(config.LatentChannels, config.LatentChannels, 1, device: device, dtype: dtype);
        RegisterComponents();
        foreach (var parameter in parameters()) parameter.requires_grad_(false);
        eval();
    }

    public VaeConfig Config { get; }

    /// <summary>How the mid blocks' attention is computed.</summary>
    public AttentionKind Attention { get => options.Attention; set => options.Attention = value; }

    /// <summary>Recompute the activations of resnets in the backward pass instead of keeping them.</summary>
    public bool GradientCheckpointing { get => options.GradientCheckpointing; set => options.GradientCheckpointing = value; }

    /// <summary>Encode and decode one row of the batch at a time: the same result in less memory.</summary>
    public bool Slicing { get; set; }

    /// <summary>
    /// How images larger than a tile are split into overlapping tiles; null for not at all. The mid blocks' attention and the norms
    /// then see a tile instead of the whole image, so the result differs a little.
    /// </summary>
    public VaeTiling? Tiling { get; set; }

    /// <param name="image_BCHW">[B, 3, H, W] in -1 .. 1, in the model's type.</param>
    /// <returns>A Gaussian over the latents, [B, C, H/8, W/8]; its tensors belong to the caller's scope.</returns>
    public DiagonalGaussian Encode(Tensor image_BCHW)
    {
        using var scope = NewDisposeScope();
        var gaussian = new DiagonalGaussian(EncodeMoments(image_BCHW));
        gaussian.Mean.MoveToOuterDisposeScope();
        gaussian.LogVar.MoveToOuterDisposeScope();
        return gaussian;
    }

    /// <summary>Mean and log-variance (not clamped) joined along the channels, [B, 2C, H/8, W/8].</summary>
    public Tensor EncodeMoments(Tensor image_BCHW) => ByRow(image_BCHW, rows =>
        Tiling?.Encode(rows, Config.Downscaling, EncodeWhole) ?? EncodeWhole(rows));

    /// <param name="latents_BCHW">[B, C, h, w], already divided by the scaling factor, in the model's type.</param>
    /// <returns>Image, [B, 3, 8h, 8w], about -1 .. 1, not clamped.</returns>
    public Tensor Decode(Tensor latents_BCHW) => ByRow(latents_BCHW, rows =>
        Tiling?.Decode(rows, Config.Downscaling, DecodeWhole) ?? DecodeWhole(rows));

    /// <summary>Reconstructs an image from its most likely latents.</summary>
    public override Tensor forward(Tensor image_BCHW)
    {
        using var scope = NewDisposeScope();
        return Decode(Encode(image_BCHW).Mode).MoveToOuterDisposeScope();
    }

    Tensor EncodeWhole(Tensor image_BCHW)
    {
        using var encoded = encoder.call(image_BCHW);
        return quant_conv.call(encoded);
    }

    Tensor DecodeWhole(Tensor latents_BCHW)
    {
        using var latents = post_quant_conv.call(latents_BCHW);
        return decoder.call(latents);
    }

    Tensor ByRow(Tensor batch, Func<Tensor, Tensor> run)
    {
        if (!Slicing || batch.shape[0] == 1) return run(batch);
        using var scope = NewDisposeScope();
        return cat([.. batch.split(1).Select(run)], 0).MoveToOuterDisposeScope();
    }
}
