using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>
/// Makes the folder that the peer's <c>--export</c> wrote one that the product loads. The peer has no tokenizer, only the ids of its prompts, so each id gets
/// a word, and the folder a tokenizer that knows these words.
/// </summary>
static class PeerFolder
{
    const long Start = 49406, End = 49407;

    /// <summary>A word is a letter of each set, so that letters can be merged in one way alone.</summary>
    static readonly string[] Letters = ["abcdef", "ghijklmnop", "qrstuvwxyz"];

    const string EndOfWord = "</w>";

    /// <returns>The prompts, written in those words.</returns>
    /// <exception cref="InvalidDataException">There are fewer prompts than asked for.</exception>
    public static string[] Complete(string folder, int prompts)
    {
        using var scope = NewDisposeScope();
        using var stored = SafetensorsFile.Open(Path.Combine(folder, "prompt_ids.safetensors"));
        var (ids, judgeIds) = (Rows("input_ids"), Rows("spm_input_ids"));
        if (ids.Length < prompts) throw new InvalidDataException($"'{folder}' was exported for {ids.Length} prompts; export with --prompts {prompts}.");
        var words = ids.SelectMany(i => i).Distinct().Order().Select((id, i) => (id, Word: Word(i))).ToDictionary(w => w.id, w => w.Word);
        Write(Path.Combine(folder, "tokenizer"), words, End);
        Write(Path.Combine(folder, "spm"), words, judgeIds[0].Padding);
        return [.. ids.Take(prompts).Select(i => string.Join(' ', i.Select(id => words[id])))];

        Ids[] Rows(string name)
        {
            var tensor = stored.Load(name);
            var (all, length) = (tensor.data<long>().ToArray(), (int)tensor.shape[1]);
            return [.. all.Chunk(length).Select(row => new Ids(row))];
        }
    }

    static string Word(int number) => $"{Letters[0][number / 100]}{Letters[1][number / 10 % 10]}{Letters[2][number % 10]}";

    static void Write(string folder, IReadOnlyDictionary<long, string> words, long padding)
    {
        Directory.CreateDirectory(folder);
        const string startToken = "<|startoftext|>", endToken = "<|endoftext|>", paddingToken = "<pad>";
        var vocabulary = new Dictionary<string, long> { [startToken] = Start, [endToken] = End };
        if (padding != End) vocabulary[paddingToken] = padding;
        foreach (var (id, word) in words) vocabulary[word + EndOfWord] = id;
        // Letters and their pairs are never the end of a merge: any id will do.
        var free = new Queue<long>(Enumerable.Range(0, (int)Start).Select(i => (long)i).Except(vocabulary.Values));
        var pairs = words.Values.Select(w => w[..2]).Distinct().ToArray();
        foreach (var part in words.Values.SelectMany(w => (string[])[w[..1], w[1..2], w[2..] + EndOfWord]).Distinct().Concat(pairs)) vocabulary[part] = free.Dequeue();
        File.WriteAllText(Path.Combine(folder, "vocab.json"), JsonSerializer.Serialize(vocabulary));
        File.WriteAllLines(Path.Combine(folder, "merges.txt"),
            ["#version: 0.2", .. pairs.Select(p => $"{p[0]} {p[1]}"), .. words.Values.Select(w => $"{w[..2]} {w[2..]}{EndOfWord}")]);
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["model_max_length"] = 77,
            ["bos_token"] = startToken,
            ["eos_token"] = endToken,
            ["unk_token"] = endToken,
            ["pad_token"] = padding == End ? endToken : paddingToken,
        }));
    }

    /// <summary>The ids between start and end, and what fills up the rest.</summary>
    sealed class Ids(long[] row) : List<long>(row.Skip(1).TakeWhile(id => id != End))
    {
        public long Padding { get; } = row[^1];
    }
}
