using System.Globalization;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Storage;

namespace SpoActors.Client.Sampling;

/// <summary>
/// The pictures of a drawing side by side, in as many files as it takes: a file is written as soon as the next row would make it larger than
/// programs show, so that thousands of pictures are not held in memory.
/// </summary>
/// <param name="folder">Where the files go.</param>
/// <param name="columns">Labels of the columns.</param>
/// <param name="mostPixels">Of a file.</param>
sealed class GridFiles(string folder, IReadOnlyList<string> columns, long mostPixels = GridFiles.MostPixels)
{
    /// <summary>256 MB while it is drawn.</summary>
    public const long MostPixels = 1 << 26;

    /// <summary>What JPEG and most viewers know; PNG itself ends at a million.</summary>
    const int MostSide = 65_500;

    readonly List<LabelledGrid.Row> rows = [];
    readonly List<string> files = [];

    /// <summary>Rows that are too large even alone.</summary>
    public int LeftOut { get; private set; }

    /// <summary>Adds a row of pictures.</summary>
    public void Add(LabelledGrid.Row row)
    {
        if (!Fits([row]))
        {
            LeftOut++;
            return;
        }
        if (!Fits([.. rows, row])) Write(Numbered(files.Count + 1));
        rows.Add(row);
    }

    /// <summary>Writes what is left.</summary>
    /// <returns>All files.</returns>
    public IReadOnlyList<string> Finish()
    {
        if (rows.Count > 0) Write(files.Count == 0 && LeftOut == 0 ? "grid.png" : Numbered(files.Count + 1));
        return files;
    }

    static string Numbered(int number) => string.Create(CultureInfo.InvariantCulture, $"grid-{number:d3}.png");

    bool Fits(IReadOnlyList<LabelledGrid.Row> some)
    {
        var (height, width) = LabelledGrid.MostSize(some);
        return height <= MostSide && width <= MostSide && height * width <= mostPixels;
    }

    void Write(string name)
    {
        var file = Path.Combine(folder, name);
        AtomicFile.Write(file, PngFile.Encode(LabelledGrid.Draw(rows, columns), new Dictionary<string, string>
        {
            ["Software"] = "SpoActors",
            ["prompts"] = string.Join('\n', rows.Select(r => r.Label).Distinct()),
        }));
        files.Add(file);
        rows.Clear();
    }
}
