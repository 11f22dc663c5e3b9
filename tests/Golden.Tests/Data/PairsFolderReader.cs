using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Golden.Tests.Data;

/// <summary>Pairs as two folders, <c>w/</c> and <c>l/</c>: which pairs there are, their captions and images, and what lacks its twin.</summary>
public sealed class PairsFolderReader : IGoldenReader
{
    public string Area => "data";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("no original: the layout", StringComparison.Ordinal) && File.Exists(golden.Path("cases.json"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var cases = JsonDocument.Parse(File.ReadAllText(golden.Path(golden.Json.GetProperty("cases").GetString()!)));
        foreach (var item in cases.RootElement.EnumerateArray())
        {
            var folder = golden.Path(item.GetProperty("folder").GetString()!);
            CheckFolder(folder, item.GetProperty("expected"), check);
        }
    }

    static void CheckFolder(string folder, JsonElement expected, GoldenAssert check)
    {
        List<Problem> problems = [];
        var pairs = PairDataset.Open(new OwnPairSpecification { Path = folder, Kind = OwnPairKind.Folder }, problems);
        var wanted = expected.GetProperty("pairs").EnumerateArray().ToArray();
        check.Equal("pairs", pairs.Count, wanted.Length);
        for (var i = 0; i < Math.Min(pairs.Count, wanted.Length); i++)
        {
            var (pair, want) = (pairs[i], wanted[i]);
            var name = want.GetProperty("name").GetString();
            check.Equal($"{name}: caption", pair.Caption, want.GetProperty("caption").GetString()!);
            CheckImage(folder, $"{name}: win", pair.First, want, "win", check);
            CheckImage(folder, $"{name}: lose", pair.Second, want, "lose", check);
        }
        CheckAlone("w", expected.GetProperty("only_win"), problems, check);
        CheckAlone("l", expected.GetProperty("only_lose"), problems, check);
    }

    static void CheckImage(string folder, string name, ImageOrigin origin, JsonElement want, string side, GoldenAssert check)
    {
        check.Equal($"{name}: file", ((ImageFile)origin).Name, want.GetProperty(side).GetString()!);
        var image = PhotoImage.Decode(origin.Read(), name);
        check.Equal($"{name}: size", new ImageSize(image.Height, image.Width), new ImageSize(want.GetProperty("height").GetInt32(), want.GetProperty("width").GetInt32()));
        if (want.GetProperty($"{side}_color") is { ValueKind: JsonValueKind.Array } color)
            check.Equal($"{name}: colour", image.Data.Chunk(3).All(pixel => pixel.Select(v => (int)v).SequenceEqual(color.EnumerateArray().Select(c => c.GetInt32()))), true);
    }

    static void CheckAlone(string side, JsonElement names, List<Problem> problems, GoldenAssert check)
    {
        var wanted = names.EnumerateArray().Select(n => n.GetString()!).ToArray();
        var found = problems.Find(p => p.Found.Contains($"images in {side}/ without their twin", StringComparison.Ordinal))?.Found ?? "";
        check.Equal($"only in {side}/: problem", found.Length > 0, wanted.Length > 0);
        if (wanted.Length > 0) check.Equal($"only in {side}/: count", found.Split(' ')[0], wanted.Length.ToString(System.Globalization.CultureInfo.InvariantCulture));
        foreach (var name in wanted.Take(20)) check.Equal($"only in {side}/: {name}", found.Contains($"{side}/{name}.", StringComparison.Ordinal), true);
    }
}
