using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// A user's own pairs, by number. Captions, labels and the images' places are in memory; the images stay encoded on the disk until they are
/// asked for.
/// </summary>
public sealed class PairDataset
{
    readonly IReadOnlyList<OwnPair> pairs;

    PairDataset(IReadOnlyList<OwnPair> pairs, int withoutCaption) => (this.pairs, WithoutCaption, Hash) = (pairs, withoutCaption, HashOf(pairs));

    /// <summary>Pairs there are.</summary>
    public int Count => pairs.Count;

    /// <summary>Pairs whose caption is empty, which is allowed and seldom meant.</summary>
    public int WithoutCaption { get; }

    /// <summary>
    /// SHA-256, hexadecimal, of all rows in their order: captions, labels, and what tells the images' files apart without reading them (a
    /// file's length, a parquet file's footer). The same for a copy of the data set elsewhere.
    /// </summary>
    public string Hash { get; }

    /// <summary>A pair.</summary>
    /// <param name="row">0 to <see cref="Count"/> - 1.</param>
    public OwnPair this[int row] => pairs[row];

    /// <summary>Reads what a data set holds, but no image.</summary>
    /// <param name="data">Where it is, and which rows belong to it.</param>
    /// <param name="problems">Gets everything that is wrong with it; the pairs that are right are given all the same.</param>
    public static PairDataset Open(OwnPairSpecification data, ICollection<Problem> problems)
    {
        var (found, before) = (new PairProblems(problems), problems.Count);
        var all = Read(data, found).Where(p => data.Ties != TieRule.Drop || p.Label != 0.5);
        OwnPair[] pairs = [.. data.Limit is { } limit ? all.Take(limit) : all];
        found.Report();
        if (pairs.Length == 0 && problems.Count == before)
            found.Add($"no pair in '{data.Path}' that is kept", "pairs of images", "Correct the path, or keep ties (data.ties) and more rows.");
        return new PairDataset(pairs, pairs.Count(p => p.Caption.Length == 0));
    }

    static IEnumerable<OwnPair> Read(OwnPairSpecification data, PairProblems found)
    {
        var kind = data.Kind == OwnPairKind.Auto ? KindOf(data.Path, found) : data.Kind;
        switch (kind)
        {
            case OwnPairKind.Parquet: return PairTables.Read(data, found);
            case OwnPairKind.Folder: return PairFolder.Read(data.Path, found);
            case OwnPairKind.Jsonl: return PairLines.Read(data.Path, found);
            default:
                found.Add($"'{data.Path}', which {(Path.Exists(data.Path) ? "holds none of these" : "does not exist")}",
                    "a parquet file or a folder of them, a folder with w/ and l/, or a .jsonl file", "Correct the path, or say with data.kind what it is.");
                return [];
        }
    }

    static OwnPairKind? KindOf(string path, PairProblems found)
    {
        if (File.Exists(path))
            return Path.GetExtension(path).ToLowerInvariant() switch { ".parquet" => OwnPairKind.Parquet, ".jsonl" => OwnPairKind.Jsonl, _ => null };
        if (!Directory.Exists(path)) return null;
        // One of the two is enough: the other is then missing, which its reader says.
        if (PairFolder.Sides.Any(side => Directory.Exists(Path.Combine(path, side)))) return OwnPairKind.Folder;
        return PairTables.Files(path, found) is { Count: > 0 } ? OwnPairKind.Parquet : null;
    }

    static string HashOf(IReadOnlyList<OwnPair> pairs)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var pair in pairs)
            foreach (var text in (string[])[pair.Caption, FormattableString.Invariant($"{pair.Label}"), pair.First.Identity, pair.Second.Identity])
            {
                var bytes = Encoding.UTF8.GetBytes(text);
                // With the lengths, no two lists of texts run together to the same bytes.
                hash.AppendData(BitConverter.GetBytes(bytes.Length));
                hash.AppendData(bytes);
            }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
