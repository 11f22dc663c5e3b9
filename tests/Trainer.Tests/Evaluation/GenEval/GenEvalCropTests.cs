using SpoActors.Trainer.Evaluation.GenEval;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Evaluation.GenEval;

public sealed class GenEvalCropTests
{
    static readonly PixelImage White = new(4, 6, 3, [.. Enumerable.Repeat((byte)255, 4 * 6 * 3)]);

    [Theory]
    [InlineData(-5, 0, -2, 3)]
    [InlineData(8, 0, 11, 3)]
    [InlineData(0, -5, 3, -2)]
    [InlineData(0, 9, 3, 12)]
    public void Crop_WhenBoxIsBeyondTheImage_IsBlack(float left, float top, float right, float bottom)
    {
        var crop = GenEvalCrop.Of(White, new GenEvalBox(left, top, right, bottom), [], GenEvalCrop.DefaultBackground);
        Assert.Equal((3, 3), (crop.Height, crop.Width));
        Assert.All(crop.Data, b => Assert.Equal(0, b));
    }

    [Fact]
    public void Crop_WhenEdgesAreHalves_RoundsToEven()
    {
        var crop = GenEvalCrop.Of(White, new GenEvalBox(0.5f, 1.5f, 3.5f, 3.4f), [], GenEvalCrop.DefaultBackground);
        Assert.Equal((1, 4), (crop.Height, crop.Width));
    }

    [Fact]
    public void Crop_WhenImageIsGreyAndMasked_IsColourOnTheBackground()
    {
        var crop = GenEvalCrop.Of(new PixelImage(1, 2, 1, [7, 8]), null, [true, false], (1, 2, 3));
        Assert.Equal([7, 7, 7, 1, 2, 3], crop.Data);
    }

    [Fact]
    public void Crop_WhenMaskHasAnotherSize_Throws()
    {
        var e = Assert.Throws<ArgumentException>(() => GenEvalCrop.Of(White, null, [true, true, true], null));
        Assert.Contains("3 pixels, the image 6 x 4", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3, 0, 2, 1)]
    [InlineData(float.NaN, 0, 2, 1)]
    public void Crop_WhenEdgesAreReversed_Throws(float left, float top, float right, float bottom) =>
        Assert.Throws<ArgumentException>(() => GenEvalCrop.Of(White, new GenEvalBox(left, top, right, bottom), [], null));

    [Theory]
    [InlineData("#999", 0x99, 0x99, 0x99)]
    [InlineData("#01fe3C", 1, 254, 60)]
    public void Background_WhenHexadecimal_IsRead(string text, byte red, byte green, byte blue) =>
        Assert.Equal((red, green, blue), GenEvalCrop.ParseBackground(text));

    [Fact]
    public void Background_WhenOriginal_IsNone() => Assert.Null(GenEvalCrop.ParseBackground("original"));

    [Theory]
    [InlineData("")]
    [InlineData("grey")]
    [InlineData("#12345")]
    [InlineData("#+1+2+3")]
    public void Background_WhenSomethingElse_Throws(string text) => Assert.Throws<FormatException>(() => GenEvalCrop.ParseBackground(text));
}
