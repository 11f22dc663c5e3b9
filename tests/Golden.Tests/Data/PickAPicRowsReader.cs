using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Golden.Tests.Data;

/// <summary>Tables of Pick-a-Pic, written as parquet files here: which rows each of the originals' scripts keeps, and what wins in them.</summary>
public sealed class PickAPicRowsReader : IGoldenReader
{
    /// <summary>The images are JPEG files of one colour, which come back a little off.</summary>
    const int JpegError = 4;

    public string Area => "data";

    public bool Understands(GoldenCase golden) => golden.Config.TryGetProperty("columns", out _) && File.Exists(golden.Path("cases.json"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var folder = Directory.CreateTempSubdirectory("pickapic-rows-").FullName;
        try
        {
            using var cases = JsonDocument.Parse(File.ReadAllText(golden.Path(golden.Json.GetProperty("cases").GetString()!)));
            foreach (var table in cases.RootElement.EnumerateArray()) CheckTable(table, golden.Config.GetProperty("columns"), folder, check);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void CheckTable(JsonElement table, JsonElement columns, string folder, GoldenAssert check)
    {
        var (layout, rows, expected) = (table.GetProperty("layout").GetString()!, table.GetProperty("rows").EnumerateArray().ToArray(), table.GetProperty("expected"));
        var path = Path.Combine(folder, "table.parquet");
        var holdsImages = rows.All(row => row.TryGetProperty("jpg_0", out _));
        if (!holdsImages)
        {
            PickAPicTable.Write(path, columns, rows);
            List<Problem> problems = [];
            PairDataset.Open(new OwnPairSpecification { Path = path }, problems);
            check.Equal($"{layout}: refused by name", problems.Count == 1 && problems[0].Found.Contains("jpg_0, jpg_1", StringComparison.Ordinal), true);
        }
        // What is kept does not depend on the images; a table without them is given empty ones.
        PickAPicTable.Write(path, columns, rows, fillImages: !holdsImages);
        var (dpo, spm) = (expected.GetProperty("diffusion_dpo"), expected.GetProperty("spm"));
        var data = new OwnPairSpecification { Path = path };
        Rows("kept", data, dpo);
        Rows("dreamlike_pairs_only", data with { Models = "dream" }, dpo);
        Rows("train", data with { Ties = TieRule.Keep }, spm);
        Rows("train_only_with_label", data with { Ties = TieRule.Judged }, spm);
        Rows("validation", data with { Ties = TieRule.Judged }, spm);
        Rows("only_different", data with { Ties = TieRule.Keep, OnlyDifferent = true }, spm);
        CheckTraining(layout, path, spm, check);
        if (dpo.TryGetProperty("pairs", out var pairs)) CheckPairs(layout, Open(data, layout, check), pairs, table.GetProperty("painted"), check);

        void Rows(string name, OwnPairSpecification settings, JsonElement lists)
        {
            if (!lists.TryGetProperty(name, out var wanted)) return;
            var found = Open(settings, layout, check);
            check.Equal($"{layout}: {name}", string.Join(", ", Enumerable.Range(0, found.Count).Select(i => ((TableImage)found[i].First).RowOfFile)), Numbers(wanted));
        }
    }

    /// <summary>The same lists by way of the data of train-spm.</summary>
    static void CheckTraining(string layout, string path, JsonElement spm, GoldenAssert check)
    {
        List<Problem> problems = [];
        var indices = PairIndex.Scan([path], "data.train", problems, _ => true, row => row.HasLabel);
        check.Equal($"{layout}: problems of train-spm", problems.Count, 0);
        foreach (var (name, index) in new[] { ("train", indices[0]), ("validation", indices[1]) })
            check.Equal($"{layout}: {name} of train-spm", string.Join(", ", index.Groups.SelectMany(g => g.Rows.Select(r => g.FirstRow + r))), Numbers(spm.GetProperty(name)));
    }

    static void CheckPairs(string layout, PairDataset found, JsonElement wanted, JsonElement painted, GoldenAssert check)
    {
        foreach (var (want, i) in wanted.EnumerateArray().Select((want, i) => (want, i)).Where(p => p.i < found.Count))
        {
            var (pair, row) = (found[i], want.GetProperty("row").GetInt32());
            var winner = (TableImage)pair.First;
            check.Equal($"{layout}: winner of row {row}", winner.Column, want.GetProperty("winner").GetString()!);
            check.Equal($"{layout}: caption of row {row}", pair.Caption, want.GetProperty("caption").GetString()!);
            check.Equal($"{layout}: label of row {row}", pair.Label, 1.0);
            foreach (var image in (TableImage[])[winner, (TableImage)pair.Second])
            {
                var color = painted[row][image.Column == "jpg_0" ? 0 : 1].EnumerateArray().Select(c => c.GetInt32()).ToArray();
                var pixels = PhotoImage.Decode(image.Read(), image.ToString()).Data;
                check.Equal($"{layout}: {image.Column} of row {row}", pixels.Select((v, at) => Math.Abs(v - color[at % 3])).Max() <= JpegError, true);
            }
        }
    }

    static PairDataset Open(OwnPairSpecification data, string layout, GoldenAssert check)
    {
        List<Problem> problems = [];
        var pairs = PairDataset.Open(data, problems);
        foreach (var problem in problems) check.Fail($"{layout}: {problem}");
        return pairs;
    }

    static string Numbers(JsonElement list) => string.Join(", ", list.EnumerateArray().Select(n => n.GetInt64()));
}
