using System.Globalization;
using System.Text.Json;
using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Models;

/// <summary>
/// Reads a diffusers <c>config.json</c>: absent keys take the class's defaults, and everything that is wrong or not supported
/// is collected, so that one error names it all.
/// </summary>
internal sealed class ModelConfigReader(JsonElement json, string origin)
{
    readonly List<string> problems = [];

    /// <summary>Above every model there is; a larger one would be built for hours, or not fit any memory.</summary>
    public const int MostLayers = 256, MostChannels = 65_536, MostLevels = 8;

    public int Int(string key, int byDefault) => OptionalInt(key) ?? byDefault;

    /// <summary>A count or size, from 1 to a bound.</summary>
    public int Count(string key, int byDefault, int most)
    {
        var count = Int(key, byDefault);
        if (count >= 1 && count <= most) return count;
        Problem($"{key} is {count}; expected 1 to {most}");
        return byDefault;
    }

    public int? OptionalInt(string key)
    {
        if (!Find(key, out var value)) return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)) return number;
        return Wrong<int?>(key, value, "a whole number", null);
    }

    public double Double(string key, double byDefault)
    {
        if (!Find(key, out var value)) return byDefault;
        return value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && double.IsFinite(number) ? number : Wrong(key, value, "a finite number", byDefault);
    }

    /// <summary>A number above 0.</summary>
    public double Positive(string key, double byDefault)
    {
        var number = Double(key, byDefault);
        if (number > 0) return number;
        Problem($"{key} is {number.ToString(CultureInfo.InvariantCulture)}; expected more than 0");
        return byDefault;
    }

    public bool Bool(string key, bool byDefault)
    {
        if (!Find(key, out var value)) return byDefault;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : Wrong(key, value, "true or false", byDefault);
    }

    public string? OptionalString(string key)
    {
        if (!Find(key, out var value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : Wrong<string?>(key, value, "a string", null);
    }

    public IReadOnlyList<string> Strings(string key, IReadOnlyList<string> byDefault)
    {
        if (!Find(key, out var value)) return byDefault;
        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(e => e.GetString()!)]
            : Wrong(key, value, "a list of strings", byDefault);
    }

    public IReadOnlyList<int> Ints(string key, IReadOnlyList<int> byDefault)
    {
        if (!Find(key, out var value)) return byDefault;
        return IsIntList(value) && value.GetArrayLength() is > 0 and <= MostLevels
            ? [.. value.EnumerateArray().Select(e => e.GetInt32())]
            : Wrong(key, value, $"a list of 1 to {MostLevels} whole numbers", byDefault);
    }

    /// <summary>A setting of every block: a list with an entry for each, or one number for all.</summary>
    public IReadOnlyList<int> IntPerBlock(string key, int byDefault, int blocks)
    {
        var all = Enumerable.Repeat(byDefault, blocks).ToArray();
        if (!Find(key, out var value)) return all;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var one)) return [.. all.Select(_ => one)];
        return IsIntList(value) && value.GetArrayLength() == blocks
            ? [.. value.EnumerateArray().Select(e => e.GetInt32())]
            : Wrong(key, value, $"a whole number, or a list of {blocks} (one for each block)", all);
    }

    /// <summary>Refuses a setting whose value is none of <paramref name="supported"/> (JSON texts); absent and null are fine.</summary>
    public void OnlySupported(string key, params string[] supported)
    {
        if (Find(key, out var value) && !supported.Contains(value.GetRawText()) && !IsSameNumber(value, supported))
            Problem($"{key} is {PlainText.OneLine(value.GetRawText())}; supported: {string.Join(" or ", supported.Append("null"))}");
    }

    /// <summary>Refuses an explicit null where that doesn't mean the default.</summary>
    public void NotNull(string key, string reason)
    {
        if (json.TryGetProperty(key, out var value) && value.ValueKind == JsonValueKind.Null) Problem($"{key} is null; {reason}");
    }

    public void Problem(string problem)
    {
        // A setting that stands for every block is wrong in each of them.
        if (!problems.Contains(problem)) problems.Add(problem);
    }

    /// <summary>What was found so far.</summary>
    public IReadOnlyList<string> Problems => problems;

    /// <exception cref="CheckpointException">Something was wrong or not supported; all of it is listed.</exception>
    public void ThrowIfProblems(string model)
    {
        const int Listed = 20;
        if (problems.Count == 0) return;
        var more = problems.Count > Listed ? $"\n  - and {problems.Count - Listed} more" : "";
        throw new CheckpointException($"{origin}: this {model} is not supported:\n  - {string.Join("\n  - ", problems.Take(Listed))}{more}");
    }

    bool Find(string key, out JsonElement value) => json.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;

    T Wrong<T>(string key, JsonElement value, string expected, T instead)
    {
        Problem($"{key} is {PlainText.OneLine(value.GetRawText())}; expected {expected}");
        return instead;
    }

    static bool IsIntList(JsonElement value) => value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out _));

    static bool IsSameNumber(JsonElement value, string[] supported) => value.ValueKind == JsonValueKind.Number
        && supported.Any(s => double.TryParse(s, CultureInfo.InvariantCulture, out var number) && number == value.GetDouble());
}
