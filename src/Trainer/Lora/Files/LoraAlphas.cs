using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>Alpha where the tensors do not hold it: peft's settings, in the file's metadata or in a file beside it.</summary>
/// <param name="Default">Alpha of every layer; null if nothing says, and alpha is the rank.</param>
sealed record LoraAlphas(double? Default)
{
    const string MetadataKey = "lora_adapter_metadata", PeftFile = "adapter_config.json";

    /// <exception cref="CheckpointException">The settings ask for what is not supported.</exception>
    public static LoraAlphas Of(ITensorSource source)
    {
        if (source is SafetensorsFile file && file.Metadata.TryGetValue(MetadataKey, out var text))
            return FromSettings(Parse(text, source.Origin), "unet.", $"'{source.Origin}', {MetadataKey}");
        var beside = Path.Combine(Path.GetDirectoryName(source.Origin) ?? "", PeftFile);
        return Path.GetFileName(source.Origin).StartsWith("adapter_model", StringComparison.Ordinal) && File.Exists(beside)
            ? FromSettings(CheckpointJson.ReadObject(beside, "peft's settings"), "", $"'{beside}'")
            : new LoraAlphas((double?)null);
    }

    static LoraAlphas FromSettings(JsonElement json, string prefix, string origin)
    {
        var problems = new CheckpointProblems();
        foreach (var name in (string[])["use_rslora", "use_dora"])
            if (json.TryGetProperty(prefix + name, out var on) && on.ValueKind == JsonValueKind.True) problems.Add($"{name} is not supported");
        if (json.TryGetProperty(prefix + "alpha_pattern", out var pattern) && pattern.ValueKind == JsonValueKind.Object && pattern.EnumerateObject().Any())
            problems.Add($"alpha_pattern {pattern.GetRawText()} is not supported; expected one lora_alpha for all layers");
        problems.ThrowIfAny($"{origin} cannot be used");
        return new LoraAlphas(json.TryGetProperty(prefix + "lora_alpha", out var alpha) && alpha.ValueKind == JsonValueKind.Number ? alpha.GetDouble() : null);
    }

    static JsonElement Parse(string text, string origin)
    {
        try
        {
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.ValueKind == JsonValueKind.Object) return json.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"'{origin}' has {MetadataKey} that is not JSON: {e.Message}", e);
        }
        throw new CheckpointException($"'{origin}' has {MetadataKey} that is not an object.");
    }
}
