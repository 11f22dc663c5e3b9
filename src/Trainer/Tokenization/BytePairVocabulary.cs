using System.IO.Compression;
using System.Text;
using System.Text.Json;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Tokenization;

/// <summary>The tokens and merge rules of a CLIP tokenizer.</summary>
public sealed class BytePairVocabulary
{
    public const string EndOfWord = "</w>";
    public const string StartOfText = "<|startoftext|>";
    public const string EndOfText = "<|endoftext|>";

    /// <summary>Merges the original reads: 49152 tokens less 256 bytes and two special tokens; the files hold more.</summary>
    const int MostMerges = 49152 - 256 - 2;

    /// <summary>Of CLIP's the one has 1 MB, the other 0.5 MB.</summary>
    const int LargestFile = 16 << 20;

    const int MostIds = 2_000_000;

    static readonly Lazy<BytePairVocabulary> StandardOne = new(ReadStandard);

    BytePairVocabulary(IReadOnlyDictionary<string, long> ids, IReadOnlyList<(string Left, string Right)> merges)
    {
        Ids = ids;
        Merges = merges;
    }

    /// <summary>The vocabulary of OpenAI's CLIP, which SD 1.x, 2.x and SDXL share; it is part of this program.</summary>
    public static BytePairVocabulary Standard => StandardOne.Value;

    public IReadOnlyDictionary<string, long> Ids { get; }

    /// <summary>Pairs in the order in which they are merged.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>The printable stand-in of each of the 256 byte values.</summary>
    public static IReadOnlyList<char> CharacterOfByte { get; } = MakeCharacterOfByte();

    /// <summary><c>vocab.json</c> and <c>merges.txt</c> of a tokenizer folder, or the <c>tokenizer.json</c> that holds both.</summary>
    /// <exception cref="TokenizerException">A file is missing or malformed.</exception>
    public static BytePairVocabulary FromFolder(string folder)
    {
        try
        {
            if (TokenizerJson.In(folder) is { } whole) return Of(whole.Ids, whole.Merges);
            using var json = JsonDocument.Parse(TextOf(Path.Combine(folder, "vocab.json")));
            var ids = json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetInt64(), StringComparer.Ordinal);
            using var merges = new StringReader(TextOf(Path.Combine(folder, "merges.txt")));
            return Of(ids, ReadMerges(Lines(merges)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException
            or InvalidDataException or InvalidOperationException or FormatException or ArgumentException or KeyNotFoundException)
        {
            throw new TokenizerException($"'{folder}' is not a CLIP tokenizer folder (vocab.json with token ids, merges.txt): {e.Message}", e);
        }
    }

    static BytePairVocabulary Of(Dictionary<string, long> ids, List<(string Left, string Right)> merges)
    {
        if (ids.Count == 0) throw new InvalidDataException("the vocabulary is empty.");
        var outside = ids.FirstOrDefault(i => i.Value is < 0 or > MostIds);
        return outside.Key is null ? new BytePairVocabulary(ids, merges) : throw new InvalidDataException($"the token '{outside.Key}' has the id {outside.Value}; expected 0 to {MostIds}.");
    }

    /// <summary>A small text file; a byte order mark is none of its characters.</summary>
    static string TextOf(string path)
    {
        using var reader = new StreamReader(new MemoryStream(InputFile.ReadAll(path, LargestFile)), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c>, from which ids follow: bytes, bytes at a word's end, merges, special tokens.</summary>
    /// <exception cref="TokenizerException">The file is missing or malformed.</exception>
    public static BytePairVocabulary FromBpeFile(string path)
    {
        try
        {
            using var file = InputFile.Open(path);
            return FromMerges(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or ArgumentException)
        {
            throw new TokenizerException($"'{path}' cannot be read as CLIP's gzipped merge list: {e.Message}", e);
        }
    }

    static BytePairVocabulary ReadStandard()
    {
        using var merges = typeof(BytePairVocabulary).Assembly.GetManifestResourceStream("Tokenization.merges")
            ?? throw new InvalidOperationException("The assembly lacks CLIP's merge list.");
        return FromMerges(merges);
    }

    static BytePairVocabulary FromMerges(Stream compressed)
    {
        using var reader = new StreamReader(new GZipStream(compressed, CompressionMode.Decompress), Encoding.UTF8);
        var merges = ReadMerges(Lines(reader));
        // Ids begin with the bytes that are printable themselves.
        var bytes = Enumerable.Range(0, 256).OrderBy(b => IsPrintable(b) ? 0 : 1).Select(b => CharacterOfByte[b].ToString()).ToArray();
        var tokens = bytes.Concat(bytes.Select(b => b + EndOfWord))
            .Concat(merges.Select(m => m.Left + m.Right)).Append(StartOfText).Append(EndOfText);
        return new BytePairVocabulary(tokens.Select((t, id) => (t, (long)id)).ToDictionary(p => p.t, p => p.Item2, StringComparer.Ordinal), merges);
    }

    static IEnumerable<string> Lines(TextReader reader)
    {
        while (reader.ReadLine() is { } line) yield return line;
    }

    static List<(string Left, string Right)> ReadMerges(IEnumerable<string> lines)
    {
        var merges = new List<(string Left, string Right)>();
        foreach (var line in lines.Skip(1).Take(MostMerges))
        {
            var parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0) continue;
            if (parts.Length != 2) throw new InvalidDataException($"merge {merges.Count + 1} is '{line[..Math.Min(100, line.Length)]}', expected two tokens.");
            merges.Add((parts[0], parts[1]));
        }
        return merges;
    }

    static char[] MakeCharacterOfByte()
    {
        var table = new char[256];
        var unprintable = 0;
        for (var value = 0; value < 256; value++)
            table[value] = IsPrintable(value) ? (char)value : (char)(256 + unprintable++);
        return table;
    }

    static bool IsPrintable(int value) => value is (>= '!' and <= '~') or (>= '¡' and <= '¬') or (>= '®' and <= 'ÿ');
}
