using System.Globalization;
using System.Text;
using System.Text.Json;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Tokenization;

/// <summary>The JSON files beside a tokenizer's vocabulary.</summary>
static class ClipTokenizerFolder
{
    const int StandardLength = 77, LargestFile = 16 << 20;

    // Folders without a limit of their own hold transformers' "very large integer", 1e30.
    const double LargestSensibleLength = 100_000;

    public static ClipTokenizerOptions ReadOptions(string folder, ClipTokenizerKind kind)
    {
        var config = Read(folder, "tokenizer_config.json");
        var map = Read(folder, "special_tokens_map.json");
        var added = AddedTokens(folder, config);
        // Newer folders list the added tokens in the config, and it counts then; in older ones the map does.
        var (first, second) = config.ContainsKey("added_tokens_decoder") ? (config, map) : (map, config);
        string Token(string name, string standard) => TokenText(first, name) ?? TokenText(second, name) ?? standard;
        return new ClipTokenizerOptions
        {
            Kind = kind,
            MaxLength = Length(folder, config),
            StartToken = Token("bos_token", BytePairVocabulary.StartOfText),
            EndToken = Token("eos_token", BytePairVocabulary.EndOfText),
            UnknownToken = Token("unk_token", BytePairVocabulary.EndOfText),
            PadToken = Token("pad_token", BytePairVocabulary.EndOfText),
            AddedTokens = added,
        };
    }

    static Dictionary<string, JsonElement> Read(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path)) return [];
        try
        {
            using var reader = new StreamReader(new MemoryStream(InputFile.ReadAll(path, LargestFile)), Encoding.UTF8);
            using var json = JsonDocument.Parse(reader.ReadToEnd());
            return json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.Clone(), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or ArgumentException)
        {
            throw new TokenizerException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    // A token is a string, or an object with its text as `content`.
    static string? TokenText(Dictionary<string, JsonElement> json, string name) => json.TryGetValue(name, out var value)
        ? value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object when value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
            _ => null,
        }
        : null;

    static int Length(string folder, Dictionary<string, JsonElement> config)
    {
        if (!config.TryGetValue("model_max_length", out var value) || value.ValueKind != JsonValueKind.Number || value.GetDouble() > LargestSensibleLength)
            return StandardLength;
        return value.TryGetInt32(out var length) && length >= 3
            ? length
            : throw new TokenizerException($"'{folder}/tokenizer_config.json' has model_max_length {value.GetRawText()}, expected a whole number of 3 or more.");
    }

    static Dictionary<string, long> AddedTokens(string folder, Dictionary<string, JsonElement> config)
    {
        var tokens = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (token, id) in Read(folder, "added_tokens.json"))
            if (id.ValueKind == JsonValueKind.Number && id.TryGetInt64(out var number)) tokens[token] = number;
        if (!config.TryGetValue("added_tokens_decoder", out var decoder) || decoder.ValueKind != JsonValueKind.Object) return tokens;
        foreach (var entry in decoder.EnumerateObject())
            if (entry.Value.ValueKind == JsonValueKind.Object && entry.Value.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String
                && content.GetString() is { } text && long.TryParse(entry.Name, CultureInfo.InvariantCulture, out var id)) tokens[text] = id;
        return tokens;
    }
}
