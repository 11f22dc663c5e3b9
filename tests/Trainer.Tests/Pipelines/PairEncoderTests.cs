using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tests.Method;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Pipelines;

/// <summary>Over the tiny autoencoder of the golden recordings.</summary>
public sealed class PairEncoderTests : IDisposable
{
    const int Side = 64;

    readonly TemporaryFolder folder = new();
    readonly LatentDecoder decoder = LatentDecoderLoading.Load(TinyRun.Sd15().Model);

    public void Dispose()
    {
        decoder.Dispose();
        folder.Dispose();
    }

    static byte[] Picture(int seed, int height, int width)
    {
        var pixels = new byte[height * width * 3];
        new Random(seed).NextBytes(pixels);
        return PngFile.Encode(new PixelImage(height, width, 3, pixels), new Dictionary<string, string>());
    }

    void Pair(string name, byte[] win, byte[] lose)
    {
        folder.Write($"pairs/w/{name}.png", win);
        folder.Write($"pairs/l/{name}.png", lose);
    }

    OwnPairSpecification Data => new() { Path = folder.Path("pairs") };

    PairEncoder Encoder(OwnPairSpecification data, ulong seed = 7, string cache = "cache")
    {
        List<Problem> problems = [];
        var pairs = PairDataset.Open(data, problems);
        Assert.Empty(problems);
        return new PairEncoder(decoder, pairs, data, Side, seed, new MomentsCache(folder.Path(cache)));
    }

    static float[] Latents(PairEncoder encoder, int row = 0)
    {
        using var pair = encoder.Encode(row)!;
        return pair.Latents.data<float>().ToArray();
    }

    string[] Entries() => Directory.GetFiles(folder.Path("cache"), "*", SearchOption.AllDirectories);

    [Fact]
    public void Encoding_WhenAPairIsOfTheTrainingSize_IsTheAutoencodersSample()
    {
        using var scope = NewDisposeScope();
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        using var pair = Encoder(Data).Encode(0)!;
        var unit = decoder.Vae.Config.Downscaling;
        Assert.Equal([2, decoder.Vae.Config.LatentChannels, Side / unit, Side / unit], pair.Latents.shape);
        Assert.Equal(ScalarType.Float32, pair.Latents.dtype);
        var image_HWC = tensor(PhotoImage.Decode(Picture(2, Side, Side), "it").Data, [Side, Side, 3]);
        var gaussian = decoder.Vae.Encode((image_HWC.permute(2, 0, 1).to(ScalarType.Float32) / 127.5 - 1).unsqueeze(0));
        // What is left of the latents when mean and deviation are taken out is the noise, and that is standard normal.
        var noise = (pair.Latents[1] / decoder.Vae.Config.ScalingFactor - gaussian.Mean[0]) / gaussian.Std[0];
        Assert.InRange(noise.std().item<float>(), 0.85f, 1.15f);
        Assert.InRange(noise.mean().item<float>(), -0.2f, 0.2f);
        Assert.Equal(SizeConditioning.Of(Side, Side), pair.First);
    }

    [Fact]
    public void Encoding_WhenThePairIsInTheCache_HasTheSameBits()
    {
        Pair("a", Picture(1, 80, 100), Picture(2, 70, 64));
        var fresh = Latents(Encoder(Data, cache: "other"));
        var first = Encoder(Data);
        Assert.Equal(fresh, Latents(first));
        Assert.Equal((0, 2), first.Cache.Counts);
        var second = Encoder(Data);
        Assert.Equal(fresh, Latents(second));
        Assert.Equal((2, 0), second.Cache.Counts);
    }

    [Fact]
    public void Encoding_WhenTheSeedDiffers_TakesTheMomentsFromTheCacheAndDrawsAnew()
    {
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        var first = Latents(Encoder(Data));
        var other = Encoder(Data, seed: 8);
        Assert.NotEqual(first, Latents(other));
        Assert.Equal((2, 0), other.Cache.Counts);
    }

    [Theory]
    [InlineData("cut")]
    [InlineData("flipped")]
    [InlineData("empty")]
    [InlineData("exchanged")]
    public void Encoding_WhenAnEntryIsDamaged_MakesItAgain(string damage)
    {
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        var before = Latents(Encoder(Data));
        var entries = Entries();
        var bytes = File.ReadAllBytes(entries[0]);
        var good = bytes.ToArray();
        bytes[^1] ^= 1;
        File.WriteAllBytes(entries[0], damage switch { "cut" => bytes[..^40], "empty" => [], "exchanged" => File.ReadAllBytes(entries[1]), _ => bytes });
        var again = Encoder(Data);
        Assert.Equal(before, Latents(again));
        Assert.Equal((1, 1), again.Cache.Counts);
        Assert.Equal(good, File.ReadAllBytes(entries[0]));
    }

    [Fact]
    public void Encoding_WhenSizeOrCropDiffers_DoesNotShareEntries()
    {
        Pair("a", Picture(1, 100, 80), Picture(2, 100, 80));
        Latents(Encoder(Data));
        var other = Encoder(Data with { Resolution = 32 });
        Latents(other);
        Assert.Equal((0, 2), other.Cache.Counts);
        var random = Encoder(Data with { Crop = CropRule.Random });
        Assert.Equal(Latents(random), Latents(Encoder(Data with { Crop = CropRule.Random }, cache: "other")));
    }

    [Fact]
    public async Task Encoding_WhenSeveralDoItAtOnce_AllHaveTheSameBits()
    {
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        var expected = Latents(Encoder(Data, cache: "other"));
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Latents(Encoder(Data)), TestContext.Current.CancellationToken)));
        Assert.All(results, latents => Assert.Equal(expected, latents));
        Assert.Equal(2, Entries().Length);
    }

    [Fact]
    public void Conditioning_WhenItIsTheImages_TellsTheirSizesAndCrops()
    {
        Pair("a", Picture(1, 80, 128), Picture(2, 128, 64));
        using var pair = Encoder(Data with { SizeConditioning = SizeConditioningRule.Image }).Encode(0)!;
        Assert.Equal(new SizeConditioning { OriginalHeight = 80, OriginalWidth = 128, CropTop = 0, CropLeft = 19, TargetHeight = Side, TargetWidth = Side }, pair.First);
        Assert.Equal(new SizeConditioning { OriginalHeight = 128, OriginalWidth = 64, CropTop = 32, CropLeft = 0, TargetHeight = Side, TargetWidth = Side }, pair.Second);
    }

    [Fact]
    public void Buckets_WhenAsked_GiveBothImagesTheShapeOfThePreferredOne()
    {
        Pair("a", Picture(1, 60, 140), Picture(2, 128, 64));
        using var pair = Encoder(Data with { Buckets = true }).Encode(0)!;
        Assert.Equal([2, decoder.Vae.Config.LatentChannels, 40 / 8, 96 / 8], pair.Latents.shape);
        Assert.Equal(SizeConditioning.Of(40, 96), pair.Second);
    }

    [Fact]
    public void Flip_WhenAsked_MirrorsAboutHalfOfThePairs()
    {
        for (var i = 0; i < 24; i++) Pair($"{i:00}", Picture(i, 8, 8), Picture(100 + i, 8, 8));
        var data = Data with { Resolution = 8 };
        var (plain, flipped) = (Encoder(data), Encoder(data with { Flip = true }));
        var mirrored = Enumerable.Range(0, 24).Count(row => !Latents(plain, row).SequenceEqual(Latents(flipped, row)));
        Assert.InRange(mirrored, 6, 18);
    }

    [Fact]
    public void Encoding_WhenAnImageCannotBeDecoded_NamesRowAndFileOrLeavesItOut()
    {
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        Pair("b", Picture(1, Side, Side), [1, 2, 3]);
        var error = Assert.Throws<InvalidDataException>(() => Encoder(Data).Encode(1));
        Assert.Equal($"pair 1, '{folder.Path("pairs/l/b.png")}' cannot be read as a picture (3 bytes). Correct the image, or leave such pairs out with data.skip_undecodable.", error.Message);
        var lenient = Encoder(Data with { SkipUndecodable = true });
        Assert.Null(lenient.Encode(1));
        Assert.Equal(1, lenient.Skipped);
        using var pair = lenient.Encode(0);
        Assert.NotNull(pair);
    }

    [Fact]
    public void Encoder_WhenTheSizeDoesNotFitTheAutoencoder_SaysSo()
    {
        Pair("a", Picture(1, Side, Side), Picture(2, Side, Side));
        Assert.Contains("the training size is 60; the autoencoder needs a multiple of 8", Assert.Throws<ArgumentException>(() => Encoder(Data with { Resolution = 60 })).Message, StringComparison.Ordinal);
    }
}
