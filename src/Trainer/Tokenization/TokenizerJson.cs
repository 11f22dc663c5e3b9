using System.Text;
using System.Text.Json;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Tokenization;

/// <summary><c>tokenizer.json</c>, the one file of the fast tokenizers; read where a folder holds nothing else.</summary>
/// <param name="Ids">Tokens of the vocabulary, the added ones included.</param>
/// <param name="Merges">Pairs in the order in which they are merged.</param>
sealed record TokenizerJson(Dictionary<string, long> Ids, List<(string Left, string Right)> Merges)
{
    const int LargestFile = 16 << 20;

    /// <summary>The folder's, if it has neither vocab.json nor merges.txt.</summary>
    /// <exception cref="InvalidDataException">It is not of a byte-pair tokenizer.</exception>
    public static TokenizerJson? In(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        if (File.Exists(Path.Combine(folder, "vocab.json")) || File.Exists(Path.Combine(folder, "merges.txt")) || !File.Exists(path)) return null;
        using var reader = new StreamReader(new MemoryStream(InputFile.ReadAll(path, LargestFile)), Encoding.UTF8);
        using var json = JsonDocument.Parse(reader.ReadToEnd());
        if (!json.RootElement.TryGetProperty("model", out var model) || !model.TryGetProperty("vocab", out var vocabulary) || !model.TryGetProperty("merges", out var merges)
            || (model.TryGetProperty("type", out var type) && type.GetString() != "BPE"))
            throw new InvalidDataException($"'{path}' has no model of type BPE with vocab and merges.");
        var ids = vocabulary.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt64(), StringComparer.Ordinal);
        if (json.RootElement.TryGetProperty("added_tokens", out var added) && added.ValueKind == JsonValueKind.Array)
            foreach (var token in added.EnumerateArray()) ids[token.GetProperty("content").GetString()!] = token.GetProperty("id").GetInt64();
        return new TokenizerJson(ids, [.. merges.EnumerateArray().Select(Merge)]);
    }

    // "a b", or since tokenizers 0.20 ["a", "b"].
    static (string, string) Merge(JsonElement merge)
    {
        string[] parts = merge.ValueKind == JsonValueKind.String ? merge.GetString()!.Split(' ') : [.. merge.EnumerateArray().Select(p => p.GetString() ?? "")];
        return parts is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right) : throw new InvalidDataException($"a merge is {merge.GetRawText()}, expected two tokens.");
    }
}
