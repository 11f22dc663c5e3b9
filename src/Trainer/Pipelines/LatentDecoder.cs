using SpoActors.Trainer.Models.Vae;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>From the UNet's latents to images.</summary>
/// <remarks>Shape letters: B images, C latent channels, H and W pixel rows and columns, h and w latent ones.</remarks>
public sealed class LatentDecoder(AutoencoderKl vae, ScalarType dtype, Device device) : IDisposable
{
    public AutoencoderKl Vae => vae;

    /// <summary>Type of the autoencoder and of the images.</summary>
    public ScalarType Dtype => dtype;

    public Device Device => device;

    /// <param name="latents_BChw">As the UNet sees them, any type and device.</param>
    /// <returns>Images [B, 3, H, W], about -1 .. 1, not clamped, in <see cref="Dtype"/>; no gradient.</returns>
    public Tensor Decode(Tensor latents_BChw)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        return vae.Decode((latents_BChw.to(device).to(ScalarType.Float32) / vae.Config.ScalingFactor).to(dtype)).MoveToOuterDisposeScope();
    }

    /// <summary>Decoder output to pixels in 0 .. 1, float32.</summary>
    public static Tensor ToUnitRange(Tensor images_B3HW)
    {
        using var scope = NewDisposeScope();
        return (images_B3HW.to(ScalarType.Float32) / 2 + 0.5).clamp(0, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Decoder output to 8-bit pixels on the CPU, [B, 3, H, W]; halves round to even, as in diffusers.</summary>
    public static Tensor ToBytes(Tensor images_B3HW)
    {
        using var scope = NewDisposeScope();
        return (ToUnitRange(images_B3HW) * 255).round().to(ScalarType.Byte).cpu().MoveToOuterDisposeScope();
    }

    public void Dispose() => vae.Dispose();
}
