using System.Text;
using System.Text.Json;
using Sylvan.Data.Csv;

namespace SpoActors.Specification.Prompts;

/// <summary>Reads prompts from a file: .json (list of strings or objects), .jsonl, .tsv / .csv with a header, .txt (a prompt a line).</summary>
public static class PromptFile
{
    /// <summary>CLIP sees 77 tokens; a text this long is a mistake in the file, not a prompt.</summary>
    public const int LongestPrompt = 8192;

    /// <summary>The prompts, in the file's order.</summary>
    /// <exception cref="SpecificationException">The file is empty, not UTF-8, lacks the column, or holds an over-long or empty prompt; all are listed.</exception>
    public static IReadOnlyList<string> Read(PromptSpecification specification)
    {
        var problems = new List<Problem>();
        var prompts = Read(specification, problems);
        return problems.Count == 0 ? prompts : throw new SpecificationException($"the prompts file '{specification.Path}'", problems);
    }

    /// <summary>The same, with what is wrong added to a list; the key of a problem is its place in the file.</summary>
    internal static IReadOnlyList<string> Read(PromptSpecification specification, List<Problem> problems)
    {
        var before = problems.Count;
        var prompts = ReadAll(specification, problems);
        for (int i = 0; i < prompts.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(prompts[i]))
                problems.Add(Wrong($"prompt {i + 1}", "an empty prompt", "a text", "Remove the entry."));
            else if (prompts[i].Length > LongestPrompt)
                problems.Add(Wrong($"prompt {i + 1}", $"{prompts[i].Length} characters", $"at most {LongestPrompt}", "CLIP reads the first 77 tokens only; shorten it."));
        }
        if (problems.Count == before && prompts.Count == 0) problems.Add(Wrong("file", "no prompts", "at least one", "Check the path and the column."));
        return specification.Limit is { } limit ? [.. prompts.Take(limit)] : prompts;
    }

    static IReadOnlyList<string> ReadAll(PromptSpecification specification, List<Problem> problems)
    {
        var extension = Path.GetExtension(specification.Path).ToLowerInvariant();
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(specification.Path)).TrimStart('\uFEFF');
            return extension switch
            {
                ".json" => FromJson(text, specification.Column, problems),
                ".jsonl" => FromJsonLines(text, specification.Column, problems),
                ".tsv" => FromTable(text, '\t', specification.Column, problems),
                ".csv" => FromTable(text, ',', specification.Column, problems),
                ".txt" => [.. text.Split('\n').Select(line => line.TrimEnd('\r')).Where(line => line.Length > 0)],
                _ => Fail(Wrong("file", $"the ending '{extension}'", ".json, .jsonl, .tsv, .csv or .txt", "Rename or convert the file.")),
            };
        }
        catch (DecoderFallbackException e)
        {
            return Fail(Wrong($"byte {e.Index + 1}", "bytes that are not UTF-8", "UTF-8 text", "Convert the file, for example with iconv."));
        }
        catch (JsonException e)
        {
            return Fail(Wrong($"line {e.LineNumber + 1}", "broken JSON", "a list of strings or objects", e.Message));
        }
        catch (FormatException e)
        {
            return Fail(Wrong("table", "rows that cannot be read", $"{(extension == ".tsv" ? "tab" : "comma")}-separated columns under a header", e.Message));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Fail(Wrong("file", "a file that cannot be read", "a readable file", e.Message));
        }

        IReadOnlyList<string> Fail(Problem problem)
        {
            problems.Add(problem);
            return [];
        }
    }

    static List<string> FromJson(string text, string column, List<Problem> problems)
    {
        if (text.Length == 0) return [];
        using var json = JsonDocument.Parse(text);
        if (json.RootElement.ValueKind == JsonValueKind.Array) return [.. json.RootElement.EnumerateArray().Select((e, i) => FromElement(e, column, $"entry {i + 1}", problems))];
        problems.Add(Wrong("file", $"a JSON {json.RootElement.ValueKind}", "a list of strings or objects", "Wrap the entries in [ ]."));
        return [];
    }

    static List<string> FromJsonLines(string text, string column, List<Problem> problems)
    {
        var prompts = new List<string>();
        var lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i])) continue;
            try
            {
                using var json = JsonDocument.Parse(lines[i]);
                prompts.Add(FromElement(json.RootElement, column, $"line {i + 1}", problems));
            }
            catch (JsonException)
            {
                problems.Add(Wrong($"line {i + 1}", "broken JSON", "a string or an object on the line", "Correct the line."));
            }
        }
        return prompts;
    }

    static string FromElement(JsonElement element, string column, string where, List<Problem> problems)
    {
        if (element.ValueKind == JsonValueKind.String) return element.GetString()!;
        if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(column, out var value) && value.ValueKind == JsonValueKind.String) return value.GetString()!;
        var found = element.ValueKind == JsonValueKind.Object ? "the keys " + string.Join(", ", element.EnumerateObject().Select(p => p.Name)) : $"a {element.ValueKind}";
        problems.Add(Wrong(where, found, $"a text under '{column}'", "Set prompts.column to the key that holds the prompt."));
        return "?";
    }

    static List<string> FromTable(string text, char delimiter, string column, List<Problem> problems)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        // Tab-separated prompt lists (PartiPrompts) hold bare quotation marks.
        var options = new CsvDataReaderOptions { Delimiter = delimiter, HasHeaders = true, Quote = delimiter == '\t' ? '\0' : '"' };
        using var table = CsvDataReader.Create(new StringReader(text), options);
        var header = Enumerable.Range(0, table.FieldCount).Select(table.GetName).ToArray();
        var index = Array.FindIndex(header, h => string.Equals(h, column, StringComparison.OrdinalIgnoreCase));
        if (index < 0)
        {
            problems.Add(Wrong("header", header.Length == 0 ? "nothing" : string.Join(", ", header), $"a column '{column}'", "Set prompts.column to the column that holds the prompt."));
            return [];
        }
        var prompts = new List<string>();
        while (table.Read()) prompts.Add(table.GetString(index));
        return prompts;
    }

    static Problem Wrong(string where, string found, string expected, string fix) => new(where, found, expected, fix);
}
