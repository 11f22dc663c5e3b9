using System.Text.Json;

namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>A prompt and what must be, and must not be, in its images: a line of GenEval's <c>evaluation_metadata.jsonl</c>.</summary>
/// <param name="Tag">Which kind of prompt, see <see cref="GenEvalTags"/>.</param>
/// <param name="Prompt">The text.</param>
/// <param name="Include">All of these must be there.</param>
/// <param name="Exclude">None of these may be there.</param>
/// <param name="Metadata">The JSON it was read from; results tell prompts apart by it.</param>
public sealed record GenEvalPrompt(
    string Tag, string Prompt, IReadOnlyList<GenEvalObject> Include, IReadOnlyList<GenEvalExclusion> Exclude, string Metadata)
{
    /// <summary>Reads a line of the prompt file.</summary>
    /// <exception cref="InvalidDataException">Something is missing or of the wrong kind; the message names it.</exception>
    public static GenEvalPrompt Parse(string line)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            return Parse(json.RootElement);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"A GenEval prompt is no JSON ({e.Message}): {line}", e);
        }
    }

    /// <inheritdoc cref="Parse(string)"/>
    public static GenEvalPrompt Parse(JsonElement json)
    {
        var include = GenEvalJson.List(json, "include").Select(GenEvalObject.Parse).ToArray();
        for (var i = 0; i < include.Length; i++)
            if (include[i].Position is { } position && !(position.Target >= 0 && position.Target < i))
                throw new InvalidDataException(
                    $"Object {i} of a GenEval prompt lies {position.Relation} object {position.Target}; expected an object before it.");
        return new GenEvalPrompt(
            GenEvalJson.Text(json, "tag"), GenEvalJson.Text(json, "prompt"), include,
            [.. GenEvalJson.List(json, "exclude").Select(GenEvalExclusion.Parse)], json.GetRawText());
    }
}

/// <summary>Objects that must be there.</summary>
/// <param name="Class">The detector's class.</param>
/// <param name="Count">At least so many; colour and position are those of the surest so many.</param>
/// <param name="Color">Their colour; null: any.</param>
/// <param name="Position">Where they lie; null: anywhere.</param>
public sealed record GenEvalObject(string Class, int Count, string? Color = null, GenEvalPosition? Position = null)
{
    internal static GenEvalObject Parse(JsonElement json) => new(
        GenEvalJson.Text(json, "class"), GenEvalJson.Count(json),
        json.TryGetProperty("color", out _) ? GenEvalJson.Text(json, "color") : null,
        json.TryGetProperty("position", out var position) ? GenEvalPosition.Parse(position) : null);
}

/// <summary>Where an object lies.</summary>
/// <param name="Relation">One of <see cref="GenEvalRelations.Names"/>.</param>
/// <param name="Target">Index in <see cref="GenEvalPrompt.Include"/> of the objects it is seen from; they come before it.</param>
public sealed record GenEvalPosition(string Relation, int Target)
{
    internal static GenEvalPosition Parse(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Array && json.GetArrayLength() == 2
            && json[0].ValueKind == JsonValueKind.String && GenEvalRelations.Names.Contains(json[0].GetString())
            && json[1].ValueKind == JsonValueKind.Number && json[1].TryGetInt32(out var target))
            return new GenEvalPosition(json[0].GetString()!, target);
        throw new InvalidDataException($"A GenEval prompt's position is {json.GetRawText()}; expected [relation, object], the relation one of " +
            $"{string.Join(", ", GenEvalRelations.Names)}.");
    }
}

/// <summary>Objects that must not be there.</summary>
/// <param name="Class">The detector's class.</param>
/// <param name="Count">So many, or more, are wrong.</param>
public sealed record GenEvalExclusion(string Class, int Count)
{
    internal static GenEvalExclusion Parse(JsonElement json) => new(GenEvalJson.Text(json, "class"), GenEvalJson.Count(json));
}
