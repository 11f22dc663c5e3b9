using System.Text.Json;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// Pairs as lines of JSON: <c>caption</c> (or <c>prompt</c>), the paths <c>win</c> and <c>lose</c> (or <c>chosen</c> and <c>rejected</c>),
/// relative to the file, and optionally <c>label</c> (or <c>label_0</c>), the share of the first: 1 as a rule, 0.5 for a tie, 0 where the
/// second is the better one.
/// </summary>
static class PairLines
{
    const int LongestLine = 1 << 20;

    const string Expected = "lines such as {\"caption\": \"a cat\", \"win\": \"a.png\", \"lose\": \"b.png\"}";

    public static IReadOnlyList<OwnPair> Read(string path, PairProblems found)
    {
        try
        {
            var pairs = new List<OwnPair>();
            var number = 0;
            foreach (var line in InputFile.ReadLines(path, LongestLine))
            {
                number++;
                if (!string.IsNullOrWhiteSpace(line) && Parse(line, path, number, found) is { } pair) pairs.Add(pair);
            }
            return pairs;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add(e.Message.TrimEnd('.'), "a .jsonl file of pairs", "Correct the path.");
            return [];
        }
    }

    static OwnPair? Parse(string line, string path, int number, PairProblems found)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            var row = json.RootElement;
            if (row.ValueKind != JsonValueKind.Object) throw new JsonException($"it is a {row.ValueKind}");
            var (caption, win, lose) = (Text(row, "caption", "prompt"), Text(row, "win", "chosen"), Text(row, "lose", "rejected"));
            var label = Find(row, "label", "label_0") is { } value ? value.GetDouble() : 1;
            if (!OwnPair.IsLabel(label))
            {
                found.Count("rows with a label that is none", FormattableString.Invariant($"'{path}', line {number}: {label}"), "0, 0.5 or 1", "Correct or remove the rows.");
                return null;
            }
            return Image(win, path, number, found) is { } first && Image(lose, path, number, found) is { } second ? OwnPair.Of(caption, first, second, label) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            found.Count("lines that are no pair", FormattableString.Invariant($"'{path}', line {number}: {e.Message.TrimEnd('.')}"), Expected, "Correct or remove the lines.");
            return null;
        }
    }

    static ImageFile? Image(string name, string path, int number, PairProblems found)
    {
        var file = new FileInfo(Path.GetFullPath(name, Path.GetDirectoryName(Path.GetFullPath(path))!));
        if (RegularFile.Obstacle(file.FullName) is not { } obstacle) return new ImageFile(file.FullName, name.Replace('\\', '/'), file.Length);
        found.Count("images that are no files", FormattableString.Invariant($"'{path}', line {number}: '{name}' ({obstacle})"), "paths of images, relative to the file", "Correct the paths.");
        return null;
    }

    static string Text(JsonElement row, string name, string otherName) => Find(row, name, otherName) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        null => throw new JsonException($"it has neither {name} nor {otherName}"),
        { } other => throw new JsonException($"{name} is {other.GetRawText()}; expected a text"),
    };

    static JsonElement? Find(JsonElement row, string name, string otherName) =>
        row.TryGetProperty(name, out var value) || row.TryGetProperty(otherName, out value) ? value : null;
}
