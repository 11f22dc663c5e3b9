using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Datasets;

public sealed class ImagePlacementTests
{
    [Theory]
    [InlineData(768, 512, 512, 512, 768, 512, 128, 0)]
    [InlineData(600, 1000, 512, 512, 512, 853, 0, 170)]
    [InlineData(100, 100, 512, 512, 512, 512, 0, 0)]
    [InlineData(1024, 1024, 768, 1280, 1280, 1280, 256, 0)]
    [InlineData(515, 512, 512, 512, 515, 512, 2, 0)]
    [InlineData(517, 512, 512, 512, 517, 512, 2, 0)]
    public void Centered_WhenAnImageIsOfAnySize_JustCoversTheTarget(int height, int width, int targetHeight, int targetWidth, int resizedHeight, int resizedWidth, int top, int left)
    {
        var place = ImagePlacement.Centered(new ImageSize(height, width), new ImageSize(targetHeight, targetWidth));
        Assert.Equal(new ImageSize(resizedHeight, resizedWidth), place.Resized);
        Assert.Equal((top, left), (place.CropTop, place.CropLeft));
    }

    [Fact]
    public void Centered_WhenAnImageIsALongStrip_IsRefused() =>
        Assert.Contains("400000 (height x width) would be 512 x 25600000",
            Assert.Throws<InvalidDataException>(() => ImagePlacement.Centered(new ImageSize(8, 400_000), new ImageSize(512, 512))).Message, StringComparison.Ordinal);

    [Fact]
    public void Apply_WhenFlipped_MirrorsBeforeItCrops()
    {
        var image = new PixelImage(1, 3, 3, [1, 1, 1, 2, 2, 2, 3, 3, 3]);
        var place = new ImagePlacement(new(1, 3), new(1, 3), new(1, 2), 0, 0, IsFlipped: true);
        Assert.Equal([3, 3, 3, 2, 2, 2], place.Apply(image).Data);
    }

    // Weights of the triangle of half-width 2 at distances 1.5, 0.5, 0.5, 1.5 of the output's centres 1 and 3: 1, 3, 3, 1 of 8, less what lies outside.
    [Fact]
    public void Bilinear_WhenHalved_WeighsFourPixels()
    {
        var image = new PixelImage(1, 4, 1, [0, 100, 200, 40]);
        Assert.Equal([(byte)Math.Round((3 * 0 + 3 * 100 + 1 * 200) / 7.0), (byte)Math.Round((1 * 100 + 3 * 200 + 3 * 40) / 7.0)], PillowResize.Bilinear(image, 1, 2).Data);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(512)]
    [InlineData(64)]
    public void Buckets_WhenMade_FitTheAreaAndHoldTheSquareAndBothShapes(int resolution)
    {
        var buckets = AspectBuckets.Of(resolution);
        var step = resolution < 256 ? 8 : 64;
        Assert.All(buckets.Sizes, size =>
        {
            Assert.True(size.Height * size.Width <= resolution * resolution);
            Assert.True(size.Height % step == 0 && size.Width % step == 0);
        });
        Assert.Equal(buckets.Sizes.Distinct().Count(), buckets.Sizes.Count);
        Assert.Contains(new ImageSize(resolution, resolution), buckets.Sizes);
        Assert.Contains(new ImageSize(resolution / 2, 2 * resolution), buckets.Sizes);
        Assert.Contains(new ImageSize(2 * resolution, resolution / 2), buckets.Sizes);
    }

    [Theory]
    [InlineData(1000, 1000, 1024, 1024)]
    [InlineData(1080, 1920, 768, 1344)]
    [InlineData(1920, 1080, 1344, 768)]
    [InlineData(10, 4000, 512, 2048)]
    public void Buckets_WhenAskedForAnImage_GiveTheNearestAspect(int height, int width, int bucketHeight, int bucketWidth) =>
        Assert.Equal(new ImageSize(bucketHeight, bucketWidth), AspectBuckets.Of(1024).For(new ImageSize(height, width)));
}
