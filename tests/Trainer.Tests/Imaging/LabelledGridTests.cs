using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Imaging;

public sealed class LabelledGridTests
{
    static PixelImage Plain(int side, byte red) => new(side, side, 3, [.. Enumerable.Repeat(new byte[] { red, 0, 0 }, side * side).SelectMany(p => p)]);

    static int Count(PixelImage image, Func<byte, byte, byte, bool> test) =>
        Enumerable.Range(0, image.Width * image.Height).Count(i => test(image.Data[i * 3], image.Data[i * 3 + 1], image.Data[i * 3 + 2]));

    [Fact]
    public void Grid_Always_HoldsEveryPictureAndItsLabel()
    {
        var grid = LabelledGrid.Draw([new("first prompt", [Plain(128, 200), Plain(128, 201)]), new("", [Plain(128, 202)])], ["seed 0", "seed 1"]);
        foreach (var red in new byte[] { 200, 201, 202 }) Assert.Equal(128 * 128, Count(grid, (r, g, b) => r == red && g == 0 && b == 0));
        Assert.True(Count(grid, (r, g, b) => r < 60 && g < 60 && b < 60) > 100, "there is no text");
    }

    [Fact]
    public void Grid_WhenPicturesAreSmall_EnlargesThemWithoutBlur() =>
        Assert.Equal(128 * 128, Count(LabelledGrid.Draw([new("x", [Plain(32, 200)])]), (r, g, b) => r == 200 && g == 0 && b == 0));

    [Fact]
    public void Grid_WhenLabelIsEndless_StaysAsWideAsThePictures()
    {
        var grid = LabelledGrid.Draw([new(new string('w', 5000) + " " + string.Join(' ', Enumerable.Repeat("word", 500)), [Plain(128, 200)])]);
        Assert.Equal(128 + 8, grid.Width);
        Assert.InRange(grid.Height, 128, 220);
    }

    [Fact]
    public void Grid_WhenThereAreNoPictures_Throws() => Assert.Throws<ArgumentException>(() => LabelledGrid.Draw([]));
}
