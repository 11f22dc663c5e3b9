using System.Text;
using System.Text.Json;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>The verdict on one image: a line of GenEval's <c>results.jsonl</c>.</summary>
public sealed record GenEvalResult
{
    const int LongestLine = 1 << 20;

    static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true };

    /// <summary>The image.</summary>
    public required string Filename { get; init; }

    /// <summary>Which kind of prompt.</summary>
    public required string Tag { get; init; }

    public required string Prompt { get; init; }

    public required bool Correct { get; init; }

    /// <summary>What is wrong, a line each.</summary>
    public required string Reason { get; init; }

    /// <summary>The prompt's line of the prompt file; prompts are told apart by it.</summary>
    public required string Metadata { get; init; }

    /// <summary>The objects that counted, as JSON: class → boxes of left, top, right, bottom, score.</summary>
    public required string Details { get; init; }

    public static GenEvalResult Of(string filename, GenEvalPrompt prompt, GenEvalVerdict verdict) => new()
    {
        Filename = filename,
        Tag = prompt.Tag,
        Prompt = prompt.Prompt,
        Correct = verdict.Correct,
        Reason = verdict.Reason,
        Metadata = prompt.Metadata,
        Details = JsonSerializer.Serialize(verdict.Kept.ToDictionary(
            k => k.Key, k => k.Value.Select(d => new[] { d.Box.Left, d.Box.Top, d.Box.Right, d.Box.Bottom, d.Score }))),
    };

    /// <summary>Reads a results file, ours or the original scorer's.</summary>
    /// <exception cref="InvalidDataException">A line is no result, or there is none.</exception>
    public static IReadOnlyList<GenEvalResult> Read(string path)
    {
        var lines = InputFile.ReadLines(path, LongestLine);
        GenEvalResult[] results = [.. lines.Index().Where(l => !string.IsNullOrWhiteSpace(l.Item)).Select(l => Parse(l.Item, path, l.Index + 1))];
        return results.Length > 0 ? results : throw new InvalidDataException($"'{path}' holds no results; expected a JSON object on each line.");
    }

    /// <summary>Writes a results file that <c>summary_scores.py</c> reads.</summary>
    public static void Write(string path, IEnumerable<GenEvalResult> results) =>
        AtomicFile.Write(path, Encoding.UTF8.GetBytes(string.Concat(results.Select(r => JsonSerializer.Serialize(r, Options) + "\n"))));

    static GenEvalResult Parse(string line, string path, int number)
    {
        try
        {
            return JsonSerializer.Deserialize<GenEvalResult>(line, Options) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' line {number} is no GenEval result: {e.Message}", e);
        }
    }
}
