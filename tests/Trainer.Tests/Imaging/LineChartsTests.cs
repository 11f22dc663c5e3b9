using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Imaging;

public sealed class LineChartsTests
{
    static readonly LineCharts.Panel Loss = new("Loss", "round", [new("loss", [(1, 0.7), (2, 0.6), (3, double.NaN)])]);

    [Theory]
    [InlineData(1, 480, 300)]
    [InlineData(2, 960, 300)]
    [InlineData(5, 960, 900)]
    public void Charts_WhenDrawn_HaveTwoColumns(int panels, int width, int height)
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("charts.png", LineCharts.Draw([.. Enumerable.Repeat(Loss, panels)]));
        var image = PixelImage.Load(file);
        Assert.Equal((width, height), (image.Width, image.Height));
    }

    [Fact]
    public void Charts_WhenTitled_ShowTheTitle()
    {
        // No system font is needed: another title gives another picture.
        Assert.NotEqual(LineCharts.Draw([Loss]), LineCharts.Draw([Loss with { Title = "Gain" }]));
    }

    [Fact]
    public void Charts_WhenThereAreNone_Refuse() => Assert.Throws<ArgumentException>(() => LineCharts.Draw([]));
}
