using System.Runtime.CompilerServices;
using System.Text.Json;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Tests.Tokenization;

static class TokenizerFiles
{
    static readonly Lazy<BytePairVocabulary> Shared = new(() => BytePairVocabulary.FromBpeFile(BpeFile()));

    public static BytePairVocabulary Vocabulary => Shared.Value;

    public static string BpeFile([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../src/Trainer/Tokenization/Data/bpe_simple_vocab_16e6.txt.gz"));

    /// <summary>A folder with a small vocabulary: single bytes, "at" and "cat" at a word's end.</summary>
    public static string Folder(string config, string map = "{}")
    {
        var folder = Directory.CreateTempSubdirectory("spo-tokenizer-").FullName;
        var letters = "abcdefghijklmnopqrstuvwxyz!".Select(c => c.ToString()).ToArray();
        string[] tokens = ["!", .. letters.Where(l => l != "!"), .. letters.Select(l => l + "</w>"), "at</w>", "cat</w>", "<|startoftext|>", "<|endoftext|>"];
        File.WriteAllText(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(tokens.Select((t, i) => (t, i)).ToDictionary(p => p.t, p => p.i)));
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "#version: 0.2\na t</w>\nc at</w>\n");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), config);
        File.WriteAllText(Path.Combine(folder, "special_tokens_map.json"), map);
        return folder;
    }
}
