using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification;

namespace SpoActors.Trainer.Datasets;

/// <summary>Rows of one row group that belong to a data set.</summary>
/// <param name="File">The parquet file.</param>
/// <param name="RowGroup">Row group in it.</param>
/// <param name="FirstRow">The file's row that the group begins with, for messages.</param>
/// <param name="Rows">Rows of the group, ascending.</param>
public sealed record PairGroup(string File, int RowGroup, long FirstRow, int[] Rows);

/// <summary>Which rows of which files make a data set: found by reading captions and labels only, so a large data set takes little memory.</summary>
/// <param name="Groups">In the order of the files' names; none is empty.</param>
public sealed record PairIndex(IReadOnlyList<PairGroup> Groups)
{
    const int MostRowsNamed = 5;

    /// <summary>Pairs of the data set.</summary>
    public int Count { get; } = Groups.Sum(g => g.Rows.Length);

    /// <summary>Reads the captions and labels of all files.</summary>
    /// <param name="paths">Parquet files, or folders that hold them at any depth.</param>
    /// <param name="key">The setting that names them, for problems.</param>
    /// <param name="problems">Gets everything that is wrong with the files.</param>
    /// <param name="keep">A condition for each index wanted.</param>
    public static IReadOnlyList<PairIndex> Scan(IReadOnlyList<string> paths, string key, ICollection<Problem> problems, params IReadOnlyList<Func<PreferenceRow, bool>> keep)
    {
        var groups = keep.Select(_ => new List<PairGroup>()).ToArray();
        foreach (var path in paths)
        {
            var files = FilesIn(path, key, problems);
            if (files is null) continue;
            if (files.Count == 0) problems.Add(Wrong(key, $"'{path}' without parquet files", "files of preferences", "Correct the path."));
            foreach (var file in files) ScanFile(file, key, problems, keep, groups);
        }
        return [.. groups.Select(g => new PairIndex(g))];
    }

    /// <summary>Whether a caption is kept for validation: a share of all captions, by their hash, so that no prompt is on both sides.</summary>
    public static bool IsHeldOut(string caption, double share)
    {
        if (share <= 0) return false;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(caption));
        return BitConverter.ToUInt32(hash) < share * (uint.MaxValue + 1.0);
    }

    /// <summary>A parquet file, or those that a folder holds at any depth, in the order of their names (<see cref="DataFiles"/>).</summary>
    internal static IReadOnlyList<string> FilesOf(string path) => Directory.Exists(path)
        ? [.. DataFiles.Below(path).Where(f => f.Extension == ".parquet").Select(f => f.FullName)]
        : [path];

    static IReadOnlyList<string>? FilesIn(string path, string key, ICollection<Problem> problems)
    {
        try
        {
            return FilesOf(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(Wrong(key, e.Message.TrimEnd('.'), "a folder that can be read", "Correct the path or its permissions."));
            return null;
        }
    }

    static void ScanFile(string file, string key, ICollection<Problem> problems, IReadOnlyList<Func<PreferenceRow, bool>> keep, List<PairGroup>[] groups)
    {
        try
        {
            using var reader = new PickAPicReader(file);
            var (first, wrong) = (0L, new List<string>());
            for (var g = 0; g < reader.RowGroups; g++)
            {
                var rows = reader.Rows(g);
                for (var i = 0; i < rows.Count; i++)
                    if (rows[i].IsWrong) wrong.Add(PickAPicFile.DescribeLabels(first + i, rows[i]));
                for (var k = 0; k < keep.Count; k++)
                {
                    var kept = Enumerable.Range(0, rows.Count).Where(i => rows[i].IsPreference && keep[k](rows[i])).ToArray();
                    if (kept.Length > 0) groups[k].Add(new PairGroup(file, g, first, kept));
                }
                first += rows.Count;
            }
            if (wrong.Count > 0)
                problems.Add(Wrong(key, $"{wrong.Count} rows of '{file}' with labels that are no preference: {string.Join(" ", wrong.Take(MostRowsNamed))}",
                    "1 and 0, or 0.5 and 0.5 for a tie", "Correct the file."));
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problems.Add(Wrong(key, e.Message.TrimEnd('.'), "parquet files in Pick-a-Pic's layout (caption, jpg_0, jpg_1, label_0, label_1)", "Correct the path or the file."));
        }
    }

    static Problem Wrong(string key, string found, string expected, string fix) => new(key, found, expected, fix);
}
