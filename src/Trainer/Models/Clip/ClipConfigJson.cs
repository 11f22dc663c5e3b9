using System.Text.Json;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>What the CLIP configurations have in common.</summary>
static class ClipConfigJson
{
    public static bool IsDual(JsonElement json) =>
        json.TryGetProperty("text_config", out _) || json.TryGetProperty("text_config_dict", out _);

    /// <summary>The nested part of a dual config, else the config itself; the deprecated <c>*_config_dict</c> wins over <c>*_config</c>.</summary>
    public static JsonElement Part(JsonElement json, string name)
    {
        if (!IsDual(json)) return json;
        if (json.TryGetProperty(name + "_dict", out var old) && old.ValueKind == JsonValueKind.Object) return old;
        return json.TryGetProperty(name, out var nested) && nested.ValueKind == JsonValueKind.Object ? nested : json;
    }

    /// <summary>Above every model there is.</summary>
    const int MostTokens = 2_000_000;

    /// <summary>A width or a number of tokens.</summary>
    public static int Size(this ModelConfigReader read, string name, int byDefault) =>
        read.Count(name, byDefault, name == "vocab_size" ? MostTokens : name is "num_hidden_layers" or "layers" ? ModelConfigReader.MostLayers : ModelConfigReader.MostChannels);

    /// <summary>Known are <c>quick_gelu</c> (also the default) and <c>gelu</c>.</summary>
    public static HiddenActivation Activation(this ModelConfigReader read, string name)
    {
        read.OnlySupported(name, "\"quick_gelu\"", "\"gelu\"");
        return read.OptionalString(name) == "gelu" ? HiddenActivation.Gelu : HiddenActivation.QuickGelu;
    }

    public static void CheckLayers(this ModelConfigReader read, int hiddenSize, int heads, double epsilon)
    {
        if (hiddenSize % heads != 0) read.Problem($"hidden_size {hiddenSize} is not a multiple of num_attention_heads {heads}");
        if (epsilon <= 0) read.Problem($"layer_norm_eps is {epsilon}; expected more than 0");
    }
}
