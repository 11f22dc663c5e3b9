using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Imaging;

public sealed class PillowResizeTests
{
    static PixelImage Flat(int height, int width, params byte[] colour) =>
        new(height, width, colour.Length, [.. Enumerable.Repeat(colour, height * width).SelectMany(c => c)]);

    [Theory]
    [InlineData(5, 9)]
    [InlineData(31, 20)]
    public void Bicubic_WhenTheImageIsFlat_StaysFlat(int height, int width)
    {
        var resized = PillowResize.Bicubic(Flat(13, 11, 7, 130, 255), height, width);

        Assert.Equal(Flat(height, width, 7, 130, 255).Data, resized.Data);
        Assert.Equal((height, width), (resized.Height, resized.Width));
    }

    [Fact]
    public void Bicubic_WhenPixelsAreTransparent_TheirColourDoesNotBleed()
    {
        var image = Flat(1, 2, 0, 0, 0, 0);
        image.Data[4] = 200;
        image.Data[7] = 255;

        var resized = PillowResize.Bicubic(image, 1, 6);

        Assert.All(Enumerable.Range(0, 6).Where(x => resized.Data[x * 4 + 3] > 8), x => Assert.InRange(resized.Data[x * 4], 190, 230));
    }

    [Fact]
    public void Load_WhenTheFileIsNoPicture_NamesIt()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "no picture");

        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => PixelImage.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClipImageProcessor_WhenItsConfigUsesObjectsOrNumbers_ReadsTheSize()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, """{ "size": { "shortest_edge": 56 }, "crop_size": 56, "image_mean": [0.1, 0.2, 0.3] }""");

        var processor = ClipImageProcessor.Load(path);

        Assert.Equal(56, processor.Size);
        Assert.Equal([0.1, 0.2, 0.3], processor.Normalisation!.Mean);
        Assert.Equal(PixelNormalisation.Clip.Deviation, processor.Normalisation.Deviation);
    }
}
