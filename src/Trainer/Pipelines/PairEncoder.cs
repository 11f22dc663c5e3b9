using System.Security.Cryptography;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>A pair as a diffusion model sees it.</summary>
/// <param name="Caption">The prompt.</param>
/// <param name="Latents">x0 of the preferred image and of the other, scaled, float32 on the CPU, [2, C, h, w].</param>
/// <param name="Label">Probability that the first is preferred: 1, or 0.5 for a tie.</param>
/// <param name="First">What SDXL is told of the first image's size.</param>
/// <param name="Second">What it is told of the second's.</param>
public sealed record EncodedPair(string Caption, Tensor Latents, double Label, SizeConditioning First, SizeConditioning Second) : IDisposable
{
    public void Dispose() => Latents.Dispose();
}

/// <summary>
/// From a user's pairs to latents: x0 = (mean + std * noise) * scaling factor of the image cut to the training size. What the autoencoder gives
/// is kept on the disk; the noise is drawn from the seed and the image, so a row has the same bits whether it was kept or not. Belongs to one
/// thread.
/// </summary>
/// <remarks>Shape letters: B = 1 image, C latent channels, M = 2C moments, H and W pixel rows and columns, h and w latent ones.</remarks>
public sealed class PairEncoder
{
    readonly LatentDecoder decoder;
    readonly PairDataset pairs;
    readonly OwnPairSpecification data;
    readonly OwnPairRandom random;
    readonly ImageSize square;
    readonly AspectBuckets? buckets;
    readonly string encoder;

    /// <param name="decoder">The model's autoencoder.</param>
    /// <param name="pairs">The rows.</param>
    /// <param name="data">Sizes, crops, and what is done with images that cannot be used.</param>
    /// <param name="defaultSide">The model's own size, for a data set that names none.</param>
    /// <param name="seed">The run's.</param>
    /// <param name="cache">Where encoded images are kept.</param>
    /// <exception cref="ArgumentException">The autoencoder cannot encode images of that size.</exception>
    public PairEncoder(LatentDecoder decoder, PairDataset pairs, OwnPairSpecification data, int defaultSide, ulong seed, MomentsCache cache)
    {
        (this.decoder, this.pairs, this.data, Cache, random) = (decoder, pairs, data, cache, new OwnPairRandom(seed));
        var side = data.Resolution ?? defaultSide;
        var unit = decoder.Vae.Config.Downscaling;
        if (side < unit || side % unit != 0) throw new ArgumentException($"the training size is {side}; the autoencoder needs a multiple of {unit}", nameof(data));
        square = new ImageSize(side, side);
        buckets = data.Buckets ? AspectBuckets.Of(side) : null;
        encoder = IdentityOf(decoder);
    }

    public MomentsCache Cache { get; }

    /// <summary>Pairs left out so far because an image could not be used.</summary>
    public int Skipped { get; private set; }

    /// <summary>Encodes a pair, or takes it from the cache.</summary>
    /// <param name="row">Its number in the data set.</param>
    /// <returns>The caller's; null where an image cannot be used and such pairs are left out.</returns>
    /// <exception cref="InvalidDataException">An image cannot be used; the message names row and file.</exception>
    /// <exception cref="InvalidOperationException">The autoencoder overflowed.</exception>
    public EncodedPair? Encode(int row)
    {
        using var scope = NewDisposeScope();
        var pair = pairs[row];
        try
        {
            var (first, second) = (Open(row, pair.First), Open(row, pair.Second));
            // One shape for both, the preferred image's; and both are mirrored, or neither.
            var target = buckets?.For(first.Size) ?? square;
            var flip = data.Flip && random.Flip(first.Hash);
            var (firstPlace, secondPlace) = (Place(first, target, flip), Place(second, target, flip));
            var latents_2Chw = cat([Latents(first, firstPlace), Latents(second, secondPlace)]);
            return new EncodedPair(pair.Caption, latents_2Chw.MoveToOuterDisposeScope(), pair.Label, Conditioning(firstPlace), Conditioning(secondPlace));
        }
        catch (InvalidDataException) when (data.SkipUndecodable)
        {
            Skipped++;
            return null;
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException(e.Message + " Correct the image, or leave such pairs out with data.skip_undecodable.", e);
        }
    }

    sealed record Source(string Name, byte[] Encoded, byte[] Hash, ImageSize Size);

    static Source Open(int row, ImageOrigin origin)
    {
        var name = FormattableString.Invariant($"pair {row}, {origin}");
        var encoded = origin.Read();
        var (height, width) = PhotoImage.ReadSize(encoded, name);
        return new Source(name, encoded, SHA256.HashData(encoded), new ImageSize(height, width));
    }

    ImagePlacement Place(Source image, ImageSize target, bool flip)
    {
        try
        {
            var place = ImagePlacement.Centered(image.Size, target) with { IsFlipped = flip };
            if (data.Crop == CropRule.Center) return place;
            var (top, left) = random.Crop(image.Hash, place.MarginHeight, place.MarginWidth);
            return place with { CropTop = top, CropLeft = left };
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"{image.Name}: {e.Message}", e);
        }
    }

    SizeConditioning Conditioning(ImagePlacement place) => data.SizeConditioning == SizeConditioningRule.Constant
        ? SizeConditioning.Of(place.Target.Height, place.Target.Width)
        : SizeConditioning.Of(place.Target.Height, place.Target.Width) with
        {
            OriginalHeight = place.Original.Height,
            OriginalWidth = place.Original.Width,
            CropTop = place.CropTop,
            CropLeft = place.CropLeft,
        };

    /// <summary>[1, C, h, w].</summary>
    Tensor Latents(Source image, ImagePlacement place)
    {
        var key = $"{Convert.ToHexStringLower(image.Hash)} {place} {encoder}";
        var moments_BMhw = Cache.GetOrMake(key, () => Moments(image, place)).to(ScalarType.Float32);
        var gaussian = new DiagonalGaussian(moments_BMhw);
        var shape = gaussian.Mean.shape;
        return gaussian.Sample(random.EncoderNoise(image.Hash, shape[1], shape[2], shape[3])) * decoder.Vae.Config.ScalingFactor;
    }

    /// <summary>One image at a time: what it is encoded with would change its last bits.</summary>
    Tensor Moments(Source image, ImagePlacement place)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var pixels = place.Apply(PhotoImage.Decode(image.Encoded, image.Name));
        var bytes_HWC = tensor(pixels.Data, [pixels.Height, pixels.Width, pixels.Channels]);
        var image_BCHW = PixelNormalisation.Symmetric.Apply(bytes_HWC.permute(2, 0, 1).to(ScalarType.Float32) / 255).unsqueeze(0);
        var moments_BMhw = decoder.Vae.EncodeMoments(image_BCHW.to(decoder.Device).to(decoder.Dtype)).cpu();
        if (!moments_BMhw.isfinite().all().item<bool>())
            throw new InvalidOperationException($"{image.Name}: the autoencoder overflowed in {decoder.Dtype}. Set model.dtype to bfloat16 or float32, or model.vae to one made for float16.");
        return moments_BMhw.MoveToOuterDisposeScope();
    }

    /// <summary>Weights, and the settings that decide an encoding's bits.</summary>
    static string IdentityOf(LatentDecoder decoder)
    {
        var vae = decoder.Vae;
        using var scope = NewDisposeScope();
        using var sha = SHA256.Create();
        using (var hashing = new CryptoStream(Stream.Null, sha, CryptoStreamMode.Write)) SafetensorsWriter.Write(hashing, vae.state_dict());
        return $"{Convert.ToHexStringLower(sha.Hash!)} {vae.Config.NormNumGroups} {decoder.Dtype} {decoder.Device.type} {vae.Attention} {vae.Tiling?.TilePixels} {vae.Tiling?.OverlapPixels}";
    }
}
