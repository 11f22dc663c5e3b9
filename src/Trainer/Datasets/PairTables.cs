using System.Security.Cryptography;
using SpoActors.Specification;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// Pairs of parquet files in Pick-a-Pic's layout (<see cref="PickAPicFile"/>; its versions 1 and 2 have the same columns). As in
/// Diffusion-DPO, <c>label_0</c> decides: 1 or 0 is a winner, 0.5 is a tie. <c>label_1</c> must be the rest.
/// </summary>
static class PairTables
{
    const int TrailerLength = 8;

    public static IReadOnlyList<OwnPair> Read(OwnPairSpecification data, PairProblems found)
    {
        if (Files(data.Path, found) is not { } files) return [];
        if (files.Count == 0) found.Add($"'{data.Path}' without parquet files", "files of preferences", "Correct the path.");
        var pairs = new List<OwnPair>();
        foreach (var file in files)
        {
            try
            {
                ReadFile(file, data, found, pairs);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
            {
                found.Add(e.Message.TrimEnd('.'), "parquet files in Pick-a-Pic's layout (caption, jpg_0, jpg_1, label_0, label_1)", "Correct the path or the file.");
            }
        }
        return pairs;
    }

    /// <summary>The data set's files; null where its folder cannot be read.</summary>
    public static IReadOnlyList<string>? Files(string path, PairProblems found)
    {
        try
        {
            return PairIndex.FilesOf(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add(e.Message.TrimEnd('.'), "a folder that can be read", "Correct the path or its permissions.");
            return null;
        }
    }

    static void ReadFile(string file, OwnPairSpecification data, PairProblems found, List<OwnPair> pairs)
    {
        using var reader = new PickAPicReader(file);
        var root = Directory.Exists(data.Path) ? data.Path : Path.GetDirectoryName(Path.GetFullPath(file))!;
        var table = new PairTable(file, Path.GetRelativePath(root, file).Replace('\\', '/'), FooterHash(file));
        var first = 0L;
        for (var g = 0; g < reader.RowGroups; g++)
        {
            var rows = reader.Rows(g);
            for (var i = 0; i < rows.Count; i++)
            {
                var row = rows[i];
                if (!IsKept(row, data)) continue;
                if (!OwnPair.IsLabel(row.Label0) || !row.IsPreference)
                {
                    found.Count("rows with labels that are no preference", FormattableString.Invariant(
                        $"'{file}', row {first + i}: {PickAPicFile.Label0} {row.Label0}, {PickAPicFile.Label1} {row.Label1}"), "1 and 0, 0 and 1, or 0.5 and 0.5", "Correct or remove the rows.");
                    continue;
                }
                TableImage Image(string column) => new(table, g, i, first + i, column);
                pairs.Add(OwnPair.Of(row.Caption, Image(PickAPicFile.Image0), Image(PickAPicFile.Image1), row.Label0));
            }
            first += rows.Count;
        }
    }

    /// <summary>Two zeros without has_label are what nobody judged; they are no preference and no fault.</summary>
    static bool IsKept(PreferenceRow row, OwnPairSpecification data) =>
        (row.IsPreference || row.IsWrong)
        && (data.Ties != TieRule.Judged || row.HasLabel)
        && (row.AreDifferent || !data.OnlyDifferent)
        && row.Model0.Contains(data.Models, StringComparison.Ordinal) && row.Model1.Contains(data.Models, StringComparison.Ordinal);

    /// <summary>A file ends with its footer, the footer's length, and four letters.</summary>
    static string FooterHash(string file)
    {
        using var stream = InputFile.Open(file);
        Span<byte> trailer = stackalloc byte[TrailerLength];
        stream.Seek(-TrailerLength, SeekOrigin.End);
        stream.ReadExactly(trailer);
        var length = BitConverter.ToInt32(trailer);
        if (length < 0 || length > stream.Length - TrailerLength) throw new InvalidDataException($"'{file}' cannot be read as a parquet file: its footer's length is wrong.");
        var footer = new byte[length];
        stream.Seek(-TrailerLength - footer.Length, SeekOrigin.End);
        stream.ReadExactly(footer);
        return Convert.ToHexStringLower(SHA256.HashData(footer));
    }
}
