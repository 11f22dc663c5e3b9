using System.Buffers;
using System.Globalization;
using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>Alpha where the tensors do not hold it: peft's settings, in the file's metadata or in a file beside it, or kohya's metadata.</summary>
sealed class LoraAlphas
{
    const string MetadataKey = "lora_adapter_metadata", PeftFile = "adapter_config.json", KohyaKey = "ss_network_alpha";

    /// <summary>What peft takes for a regular expression.</summary>
    static readonly SearchValues<char> RegexCharacters = SearchValues.Create(@"\^$*+?|()[]{}");

    double? Default { get; init; }

    /// <summary>Alphas of layers whose path is the key or ends with a dot and the key.</summary>
    IReadOnlyList<KeyValuePair<string, double>> Patterns { get; init; } = [];

    /// <summary>peft's <c>use_rslora</c>: the scale is alpha / sqrt(rank) (arXiv 2312.03732).</summary>
    bool IsRankStabilised { get; init; }

    /// <summary>Alpha of a layer, for a scale of alpha / rank; the rank if nothing says.</summary>
    public double Of(string path, long rank)
    {
        var pattern = Patterns.FirstOrDefault(p => path == p.Key || path.EndsWith("." + p.Key, StringComparison.Ordinal));
        var alpha = (pattern.Key is null ? Default : pattern.Value) ?? rank;
        return IsRankStabilised ? alpha * Math.Sqrt(rank) : alpha;
    }

    /// <exception cref="CheckpointException">The settings ask for what is not supported.</exception>
    public static LoraAlphas Of(ITensorSource source)
    {
        if (source is SafetensorsFile file)
        {
            if (file.Metadata.TryGetValue(MetadataKey, out var text)) return FromSettings(Parse(text, source.Origin), "unet.", $"'{source.Origin}', {MetadataKey}");
            if (file.Metadata.TryGetValue(KohyaKey, out var alpha)) return FromKohya(alpha, source.Origin);
        }
        var beside = Path.Combine(Path.GetDirectoryName(source.Origin) ?? "", PeftFile);
        return Path.GetFileName(source.Origin).StartsWith("adapter_model", StringComparison.Ordinal) && File.Exists(beside)
            ? FromSettings(CheckpointJson.ReadObject(beside, "peft's settings"), "", $"'{beside}'")
            : new LoraAlphas();
    }

    // Python writes None where alpha was left to be the rank.
    static LoraAlphas FromKohya(string text, string origin)
    {
        if (text is "None" or "") return new LoraAlphas();
        return double.TryParse(text, CultureInfo.InvariantCulture, out var alpha) && double.IsFinite(alpha)
            ? new LoraAlphas { Default = alpha == 0 ? null : alpha }
            : throw new CheckpointException($"'{origin}' has {KohyaKey} '{text}'; expected a finite number.");
    }

    static LoraAlphas FromSettings(JsonElement json, string prefix, string origin)
    {
        var problems = new CheckpointProblems();
        bool Asks(string name) => json.TryGetProperty(prefix + name, out var on) && on.ValueKind == JsonValueKind.True;
        if (Asks("use_dora")) problems.Add("use_dora: DoRA is not supported");
        if (Asks("lora_bias")) problems.Add("lora_bias: LoRA with biases is not supported");
        var patterns = new List<KeyValuePair<string, double>>();
        if (json.TryGetProperty(prefix + "alpha_pattern", out var pattern) && pattern.ValueKind == JsonValueKind.Object)
            foreach (var entry in pattern.EnumerateObject())
            {
                if (entry.Name.AsSpan().ContainsAny(RegexCharacters)) problems.Add($"alpha_pattern has '{entry.Name}'; expected ends of layers' paths, no regular expressions");
                else if (Number(entry.Value, $"alpha_pattern of '{entry.Name}'", problems) is { } alpha) patterns.Add(new(entry.Name, alpha));
            }
        var byDefault = json.TryGetProperty(prefix + "lora_alpha", out var common) ? Number(common, "lora_alpha", problems) : null;
        problems.ThrowIfAny($"{origin} cannot be used");
        return new LoraAlphas { Default = byDefault, Patterns = patterns, IsRankStabilised = Asks("use_rslora") };
    }

    static double? Number(JsonElement value, string name, CheckpointProblems problems)
    {
        if (value.ValueKind == JsonValueKind.Null) return null;
        if (value.ValueKind == JsonValueKind.Number && value.GetDouble() is var number && double.IsFinite(number)) return number;
        problems.Add($"{name} is {value.GetRawText()}; expected a finite number");
        return null;
    }

    static JsonElement Parse(string text, string origin)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object) return json.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new CheckpointException($"'{origin}' has {MetadataKey} that is not JSON: {e.Message}", e);
        }
        throw new CheckpointException($"'{origin}' has {MetadataKey} that is not an object.");
    }
}
