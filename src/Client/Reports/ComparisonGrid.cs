using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;

namespace SpoActors.Client.Reports;

/// <summary>The grids before and after training side by side.</summary>
static class ComparisonGrid
{
    /// <summary>Writes the picture; nothing where there are no grids.</summary>
    public static void Write(RunFolder folder)
    {
        if (!File.Exists(folder.BeforeGrid) || !File.Exists(folder.AfterGrid)) return;
        var images = new[] { PixelImage.Load(folder.BeforeGrid), PixelImage.Load(folder.AfterGrid) };
        var grid = LabelledGrid.Draw([new LabelledGrid.Row("", images)], ["before training", "after training"], smallestCell: 1);
        AtomicFile.Write(folder.ComparisonGrid, PngFile.Encode(grid, PngFile.ReadTexts(InputFile.ReadAll(folder.AfterGrid, PixelImage.LargestFile))));
    }
}
