using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Imaging;

public sealed class PngFileTests
{
    static PixelImage Gradient(int channels) => new(3, 5, channels, [.. Enumerable.Range(0, 3 * 5 * channels).Select(i => (byte)(i * 5))]);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Encoding_WhenDecoded_GivesThePicture(int channels)
    {
        var path = Path.GetTempFileName();
        try
        {
            var image = Gradient(channels);
            File.WriteAllBytes(path, PngFile.Encode(image, new Dictionary<string, string> { ["prompt"] = "x" }));
            var read = PixelImage.Load(path);
            Assert.Equal((3, 5), (read.Height, read.Width));
            Assert.Equal(image.ToRgb().Data, read.ToRgb().Data);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Texts_WhenWritten_AreReadBack()
    {
        var texts = new Dictionary<string, string> { ["prompt"] = "naïve café, 猫 \U0001F408\nsecond line", ["seed"] = "42", ["empty"] = "" };
        Assert.Equal(texts.OrderBy(t => t.Key), PngFile.ReadTexts(PngFile.Encode(Gradient(3), texts)).OrderBy(t => t.Key));
    }

    [Fact]
    public void Encoding_WhenRepeated_GivesTheSameBytes()
    {
        var texts = new Dictionary<string, string> { ["b"] = "1", ["a"] = "2" };
        Assert.Equal(PngFile.Encode(Gradient(3), texts), PngFile.Encode(Gradient(3), texts.Reverse().ToDictionary()));
    }

    [Fact]
    public void Reading_WhenFileIsCutAnywhere_ThrowsOrReads()
    {
        var png = PngFile.Encode(Gradient(3), new Dictionary<string, string> { ["prompt"] = "a cat" });
        for (int length = 0; length < png.Length; length++)
        {
            try
            {
                PngFile.ReadTexts(png.AsSpan(0, length));
            }
            catch (InvalidDataException)
            {
                // The one error a caller must expect.
            }
        }
        Assert.Throws<InvalidDataException>(() => PngFile.ReadTexts("not a picture"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("schlüssel")]
    public void Encoding_WhenKeywordIsNotAllowed_Throws(string keyword) =>
        Assert.Throws<ArgumentException>(() => PngFile.Encode(Gradient(3), new Dictionary<string, string> { [keyword] = "x" }));
}
