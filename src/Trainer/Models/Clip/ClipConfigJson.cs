using System.Text.Json;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Reads one level of a CLIP <c>config.json</c>; saved configs leave out every field that has its default.</summary>
sealed class ClipConfigJson(JsonElement json, string origin)
{
    readonly List<string> problems = [];

    public static T ReadFile<T>(string path, Func<JsonElement, string, T> parse)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(path));
            return parse(document.RootElement, path);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            throw new ClipConfigException($"'{path}' cannot be read as a CLIP config.json: {e.Message}", e);
        }
    }

    /// <summary>The nested part of a dual config; the deprecated <c>*_config_dict</c> wins over <c>*_config</c>.</summary>
    public static JsonElement Nested(JsonElement json, string name)
    {
        if (json.TryGetProperty(name + "_dict", out var old) && old.ValueKind == JsonValueKind.Object) return old;
        return json.TryGetProperty(name, out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : json;
    }

    public static bool IsDual(JsonElement json) =>
        json.TryGetProperty("text_config", out _) || json.TryGetProperty("text_config_dict", out _);

    public int Size(string name, int standard)
    {
        if (!Given(name, out var value)) return standard;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var size) && size > 0) return size;
        problems.Add($"{name} is {value.GetRawText()}, expected a positive integer");
        return standard;
    }

    public long? TokenId(string name, long? standard)
    {
        if (!Given(name, out var value)) return standard;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var id)) return id;
        problems.Add($"{name} is {value.GetRawText()}, expected an integer");
        return standard;
    }

    public double Positive(string name, double standard)
    {
        if (!Given(name, out var value)) return standard;
        if (value.ValueKind == JsonValueKind.Number && value.GetDouble() > 0) return value.GetDouble();
        problems.Add($"{name} is {value.GetRawText()}, expected a positive number");
        return standard;
    }

    public HiddenActivation Activation(string name)
    {
        if (!Given(name, out var value)) return HiddenActivation.QuickGelu;
        return HiddenActivations.Parse(value.ToString(), origin);
    }

    public void Require(bool condition, string problem)
    {
        if (!condition) problems.Add(problem);
    }

    public void ThrowIfInvalid()
    {
        if (problems.Count > 0) throw new ClipConfigException($"{origin}: {string.Join("; ", problems)}.");
    }

    bool Given(string name, out JsonElement value) => json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
}
