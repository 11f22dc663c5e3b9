using System.Text.Json;
using SpoActors.Specification.Texts;
using Sylvan.Data.Csv;

namespace SpoActors.Specification.Prompts;

/// <summary>Reads prompts from a file: .json (list of strings or objects), .jsonl, .tsv / .csv with a header, .txt (a prompt a line).</summary>
public static class PromptFile
{
    /// <summary>CLIP sees 77 tokens; a text this long is a mistake in the file, not a prompt.</summary>
    public const int LongestPrompt = 8192;

    /// <summary>Stands for an entry that was reported.</summary>
    const string Unread = "?";

    /// <summary>Characters of a table's row.</summary>
    const int LongestRow = 1 << 24;

    /// <summary>Longest file that is read: some 700,000 prompts.</summary>
    const long MostBytes = 64 << 20;

    const int MostKeysNamed = 8;

    static readonly JsonDocumentOptions JsonRules = new() { AllowDuplicateProperties = false };

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
        var found = new ProblemTally();
        var prompts = ReadAll(specification, found);
        for (int i = 0; i < prompts.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(prompts[i]))
                found.Add("empty", $"prompt {i + 1}", "an empty prompt", "a text", "Remove the entry.");
            else if (prompts[i].Length > LongestPrompt)
                found.Add("long", $"prompt {i + 1}", $"{prompts[i].Length} characters", $"at most {LongestPrompt}", "CLIP reads the first 77 tokens only; shorten it.");
        }
        if (found.IsEmpty && prompts.Count == 0) found.Add("none", "file", "no prompts", "at least one", "Check the path and the column.");
        problems.AddRange(found.Problems);
        return specification.Limit is { } limit ? [.. prompts.Take(limit)] : prompts;
    }

    static IReadOnlyList<string> ReadAll(PromptSpecification specification, ProblemTally found)
    {
        var extension = Path.GetExtension(specification.Path).ToLowerInvariant();
        try
        {
            // A wrong ending is not worth a look at what may be gigabytes.
            if (extension is not (".json" or ".jsonl" or ".tsv" or ".csv" or ".txt") && RegularFile.Obstacle(specification.Path) is null)
                return Fail("file", $"the ending '{extension}'", ".json, .jsonl, .tsv, .csv or .txt", "Rename or convert the file.");
            var text = TextFile.Read(specification.Path, MostBytes, "It cannot be read; check the path.");
            return extension switch
            {
                ".json" => FromJson(text, specification.Column, found),
                ".jsonl" => FromJsonLines(text, specification.Column, found),
                ".tsv" => FromTable(text, '\t', specification.Column, found),
                ".csv" => FromTable(text, ',', specification.Column, found),
                _ => [.. Lines(text).Where(line => line.Length > 0)],
            };
        }
        catch (TextFileException e)
        {
            return Fail(e.Problem.Key, e.Problem.Found, e.Problem.Expected, e.Problem.Fix);
        }
        catch (JsonException e)
        {
            return Fail($"line {e.LineNumber + 1}", "broken JSON", "a list of strings or objects", e.Message);
        }
        catch (Exception e) when (e is FormatException or NotSupportedException)
        {
            return Fail("table", "rows that cannot be read", $"{(extension == ".tsv" ? "tab" : "comma")}-separated columns under a header", e.Message);
        }

        IReadOnlyList<string> Fail(string where, string what, string expected, string fix)
        {
            found.Add("file", where, what, expected, fix);
            return [];
        }
    }

    /// <summary>Lines ended as any system ends them.</summary>
    static IEnumerable<string> Lines(string text)
    {
        using var reader = new StringReader(text);
        while (reader.ReadLine() is { } line) yield return line;
    }

    static List<string> FromJson(string text, string column, ProblemTally found)
    {
        if (text.Length == 0) return [];
        using var json = Parse(text);
        if (json.RootElement.ValueKind == JsonValueKind.Array) return [.. json.RootElement.EnumerateArray().Select((e, i) => FromElement(e, column, $"entry {i + 1}", found))];
        found.Add("file", "file", $"a JSON {json.RootElement.ValueKind}", "a list of strings or objects", "Wrap the entries in [ ].");
        return [];
    }

    static List<string> FromJsonLines(string text, string column, ProblemTally found)
    {
        var prompts = new List<string>();
        var number = 0;
        foreach (var line in Lines(text))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using var json = Parse(line);
                prompts.Add(FromElement(json.RootElement, column, $"line {number}", found));
            }
            catch (JsonException)
            {
                found.Add("json", $"line {number}", "broken JSON", "a string or an object on the line", "Correct the line.");
            }
        }
        return prompts;
    }

    static JsonDocument Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text, JsonRules);
        }
        catch (InvalidOperationException)
        {
            // A name that cannot be compared with the others: its element is reported.
            return JsonDocument.Parse(text);
        }
    }

    static string FromElement(JsonElement element, string column, string where, ProblemTally found)
    {
        try
        {
            if (element.ValueKind == JsonValueKind.String) return element.GetString()!;
            if (element.ValueKind == JsonValueKind.Object) foreach (var property in element.EnumerateObject()) _ = property.Name;
            if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(column, out var value) && value.ValueKind == JsonValueKind.String) return value.GetString()!;
            var what = element.ValueKind == JsonValueKind.Object ? "the keys " + string.Join(", ", element.EnumerateObject().Select(p => p.Name).Take(MostKeysNamed)) : $"a {element.ValueKind}";
            found.Add(element.ValueKind.ToString(), where, what, $"a text under '{column}'", "Set prompts.column to the key that holds the prompt.");
        }
        catch (InvalidOperationException)
        {
            found.Add("surrogate", where, "half of a surrogate pair, as of an emoji that was cut in two", "whole characters", "Remove the escape \\ud800 to \\udfff, or complete the pair.");
        }
        return Unread;
    }

    static List<string> FromTable(string text, char delimiter, string column, ProblemTally found)
    {
        if (string.IsNullOrWhiteSpace(text)) return [];
        var options = new CsvDataReaderOptions
        {
            Delimiter = delimiter,
            HasHeaders = true,
            // Tab-separated prompt lists (PartiPrompts) hold bare quotation marks.
            Quote = delimiter == '\t' ? '\0' : '"',
            // Prompts begin with #; by default such rows are comments.
            Comment = '\0',
            MaxBufferSize = LongestRow,
        };
        using var table = CsvDataReader.Create(new StringReader(text), options);
        var header = Enumerable.Range(0, table.FieldCount).Select(table.GetName).ToArray();
        var matching = Enumerable.Range(0, header.Length).Where(i => string.Equals(header[i], column, StringComparison.OrdinalIgnoreCase)).ToArray();
        if (matching.Length > 1) matching = [.. matching.Where(i => header[i] == column)];
        if (matching is not [var index])
        {
            var what = header.Length == 0 ? "nothing" : string.Join(", ", header);
            found.Add("header", "header", what, $"a column '{column}'", matching.Length > 1 ? "Rename one of the two." : "Set prompts.column to the column that holds the prompt.");
            return [];
        }
        var prompts = new List<string>();
        while (table.Read()) prompts.Add(table.GetString(index));
        return prompts;
    }
}
