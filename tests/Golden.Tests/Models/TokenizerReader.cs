using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The ids of all four tokenizers on prompts and nasty strings.</summary>
public sealed class TokenizerReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) =>
        golden.Source.StartsWith("transformers.CLIPTokenizer", StringComparison.Ordinal) && File.Exists(golden.Path("cases.json"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var vocabulary = BytePairVocabulary.FromBpeFile(BpeFile());
        CheckVocabulary(golden.Config, vocabulary, check);
        var standard = new ClipTokenizerOptions { MaxLength = golden.Config.GetProperty("model_max_length").GetInt32() };
        ClipTokenizer Make(ClipTokenizerOptions options) => new(vocabulary, options);
        var slow = Make(standard);
        var exclamation = Make(standard with { PadToken = vocabulary.Ids.Single(p => p.Value == golden.Config.GetProperty("pad_exclamation").GetInt64()).Key });
        var fast = Make(standard with { Kind = ClipTokenizerKind.Fast });
        var plain = Make(standard with { Kind = ClipTokenizerKind.SlowWithoutFtfy });

        using var cases = JsonDocument.Parse(File.ReadAllText(golden.Path("cases.json")));
        foreach (var entry in cases.RootElement.EnumerateArray())
        {
            var text = entry.GetProperty("text").GetString()!;
            void Ids(string what, IEnumerable<long> actual, IEnumerable<long> expected) =>
                check.Equal($"{what} of {JsonSerializer.Serialize(text)}", string.Join(' ', actual), string.Join(' ', expected));

            var expected = Longs(entry, "ids_pad_endoftext");
            var length = entry.GetProperty("length").GetInt32();
            Ids("padded ids", slow.Encode(text), expected);
            Ids("ids", slow.EncodeUnpadded(text, slow.MaxLength), expected[..length]);
            Ids("ids padded with 0", exclamation.Encode(text), Longs(entry, "ids_pad_exclamation"));
            if (entry.TryGetProperty("length_pad_exclamation", out var other))
                check.Equal("length with pad token '!'", exclamation.EncodeUnpadded(text, slow.MaxLength).Length, other.GetInt32());
            if (entry.TryGetProperty("untruncated_length", out var whole))
                check.Equal("untruncated length", slow.EncodeUnpadded(text).Length, whole.GetInt32());
            var reference = slow.EncodeUnpadded(text);
            Ids("fast ids", fast.EncodeUnpadded(text), Longs(entry, "ids_fast", reference));
            Ids("ids without ftfy", plain.EncodeUnpadded(text), Longs(entry, "ids_no_ftfy", reference));
        }
    }

    static void CheckVocabulary(JsonElement config, BytePairVocabulary vocabulary, GoldenAssert check)
    {
        check.Equal("vocabulary size", vocabulary.Ids.Count, config.GetProperty("vocabulary_size").GetInt32());
        check.Equal("merges", vocabulary.Merges.Count, config.GetProperty("merges").GetInt32());
        check.Equal("hash of the tokens", Hash(vocabulary.Ids.OrderBy(p => p.Value).Select(p => p.Key)),
            config.GetProperty("sha256_of_tokens_in_id_order_joined_by_newline").GetString());
        check.Equal("hash of the merges", Hash(vocabulary.Merges.Select(m => m.Left + " " + m.Right)),
            config.GetProperty("sha256_of_merges_joined_by_newline").GetString());
    }

    static string Hash(IEnumerable<string> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));

    static long[] Longs(JsonElement entry, string name, long[]? otherwise = null) =>
        entry.TryGetProperty(name, out var ids) ? [.. ids.EnumerateArray().Select(i => i.GetInt64())] : otherwise!;

    static string BpeFile([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../src/Trainer/Tokenization/Data/bpe_simple_vocab_16e6.txt.gz"));
}
