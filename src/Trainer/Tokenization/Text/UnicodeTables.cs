using System.Globalization;
using System.Text;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>Character tables that .NET takes from ICU, which need not be installed (<c>InvariantGlobalization</c>): see eng/unicode-data.py.</summary>
static class UnicodeTables
{
    /// <summary>Canonical combining class, where it isn't 0.</summary>
    public static IReadOnlyDictionary<int, int> CombiningClass { get; }

    /// <summary>One level of canonical decomposition, without Hangul.</summary>
    public static IReadOnlyDictionary<int, int[]> Decomposition { get; }

    public static IReadOnlyDictionary<(int First, int Second), int> Composition { get; }

    /// <summary>Full-width and half-width forms, and what they stand for.</summary>
    public static IReadOnlyDictionary<char, string> WidthFolding { get; }

    static UnicodeTables()
    {
        var classes = new Dictionary<int, int>();
        var decomposition = new Dictionary<int, int[]>();
        var composition = new Dictionary<(int, int), int>();
        var widths = new Dictionary<char, string>();
        foreach (var line in EmbeddedText.Lines("unicode"))
        {
            var at = line.AsSpan().IndexOfAny(":=>~");
            var (left, right) = (line[..at], CodePoints(line[(at + 1)..]));
            switch (line[at])
            {
                case ':': classes.Add(right[0], int.Parse(left, CultureInfo.InvariantCulture)); break;
                case '~': widths.Add((char)Hex(left), string.Concat(right.Select(c => new Rune(c).ToString()))); break;
                case '=':
                    decomposition.Add(Hex(left), right);
                    composition.Add((right[0], right[1]), Hex(left));
                    break;
                default: decomposition.Add(Hex(left), right); break;
            }
        }
        (CombiningClass, Decomposition, Composition, WidthFolding) = (classes, decomposition, composition, widths);
    }

    public static int[] CodePoints(string hexes) => [.. hexes.Split(' ').Select(Hex)];

    static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}

static class EmbeddedText
{
    /// <summary>The lines of an embedded table, without comments.</summary>
    public static IEnumerable<string> Lines(string name)
    {
        using var stream = typeof(EmbeddedText).Assembly.GetManifestResourceStream("Tokenization." + name)
            ?? throw new InvalidOperationException($"The assembly lacks its embedded table '{name}'.");
        using var reader = new StreamReader(stream, Encoding.ASCII);
        while (reader.ReadLine() is { } line)
            if (!line.StartsWith('#')) yield return line;
    }
}
