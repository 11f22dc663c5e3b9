using System.Text;
using System.Text.Json.Nodes;
using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.ShapesWorld.Tokenizer;

/// <summary>
/// A tokenizer of the world's words in CLIP's own file format. Merges are learned as byte-pair encoding learns them, most frequent pair
/// first, until every word is one token: merge chains word by word would break words apart whose beginnings or ends collide.
/// </summary>
public static class TokenizerFiles
{
    /// <summary>Ids of an encoded prompt, start and end token included.</summary>
    public const int MaxLength = 16;

    /// <summary>Every word of captions, plain or with quality words.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. CaptionText.Words.Concat(QualityWords.All).Distinct().Order(StringComparer.Ordinal)];

    static readonly IReadOnlyList<(string Left, string Right)> Merges = Learn(Words);

    static readonly IReadOnlyList<string> Tokens = ListTokens();

    public static int VocabularySize => Tokens.Count;

    /// <summary>Writes vocab.json, merges.txt, tokenizer_config.json and special_tokens_map.json.</summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        var vocabulary = new JsonObject();
        for (var id = 0; id < Tokens.Count; id++) vocabulary[Tokens[id]] = id;
        ModelFiles.WriteJson(Path.Combine(folder, "vocab.json"), vocabulary);
        var lines = Merges.Select(m => $"{m.Left} {m.Right}").Prepend("#version: 0.2");
        AtomicFile.Write(Path.Combine(folder, "merges.txt"), Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
        ModelFiles.WriteJson(Path.Combine(folder, "tokenizer_config.json"), SpecialTokens(new JsonObject
        {
            ["add_prefix_space"] = false,
            ["do_lower_case"] = true,
            ["errors"] = "replace",
            ["model_max_length"] = MaxLength,
            ["tokenizer_class"] = "CLIPTokenizer",
        }));
        ModelFiles.WriteJson(Path.Combine(folder, "special_tokens_map.json"), SpecialTokens([]));
    }

    static JsonObject SpecialTokens(JsonObject json)
    {
        json["bos_token"] = BytePairVocabulary.StartOfText;
        foreach (var name in (string[])["eos_token", "pad_token", "unk_token"]) json[name] = BytePairVocabulary.EndOfText;
        return json;
    }

    static List<string> ListTokens()
    {
        // CLIP's order: the printable bytes first.
        var bytes = BytePairVocabulary.CharacterOfByte.OrderBy(c => c < 256 ? 0 : 1).ThenBy(c => c).Select(c => c.ToString()).ToList();
        return [.. bytes, .. bytes.Select(b => b + BytePairVocabulary.EndOfWord), .. Merges.Select(m => m.Left + m.Right),
            BytePairVocabulary.StartOfText, BytePairVocabulary.EndOfText];
    }

    static List<(string Left, string Right)> Learn(IReadOnlyList<string> words)
    {
        var pieces = words.Select(w => w.Select((c, i) => i == w.Length - 1 ? c + BytePairVocabulary.EndOfWord : c.ToString()).ToList()).ToList();
        var merges = new List<(string Left, string Right)>();
        while (true)
        {
            var best = pieces.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(g => g.Count()).ThenBy(g => g.Key.First + " " + g.Key.Second, StringComparer.Ordinal).FirstOrDefault();
            if (best is null) return merges;
            merges.Add(best.Key);
            foreach (var word in pieces)
                for (var i = 0; i + 1 < word.Count; i++)
                    if ((word[i], word[i + 1]) == best.Key)
                    {
                        word[i] += word[i + 1];
                        word.RemoveAt(i + 1);
                    }
        }
    }
}
