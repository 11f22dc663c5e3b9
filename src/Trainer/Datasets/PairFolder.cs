using System.Text;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// Pairs as two folders: <c>w/</c> with the preferred images and <c>l/</c> with the others. A pair has one path below both but for the
/// extension; its caption is in <c>w/NAME.txt</c> (UTF-8, white space around it dropped), and is empty without such a file. Hidden files are
/// ignored.
/// </summary>
static class PairFolder
{
    const string Win = "w", Lose = "l";

    const int LongestCaption = 1 << 20;

    static readonly string[] Extensions = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"];

    /// <summary>Images that nobody means to be left out.</summary>
    static readonly string[] Unreadable = [".tif", ".tiff", ".heic", ".heif", ".avif", ".jxl"];

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static readonly string[] Sides = [Win, Lose];

    /// <summary>The pairs, in the byte order of their names.</summary>
    public static IReadOnlyList<OwnPair> Read(string folder, PairProblems found)
    {
        var (win, lose) = (Images(folder, Win, found), Images(folder, Lose, found));
        foreach (var name in win.Keys.Except(lose.Keys)) Alone(Win, Lose, win[name], found);
        foreach (var name in lose.Keys.Except(win.Keys)) Alone(Lose, Win, lose[name], found);
        return [.. win.Where(w => lose.ContainsKey(w.Key)).Select(w => new OwnPair(Caption(w.Value.Path, found), w.Value, lose[w.Key], 1))];
    }

    /// <summary>The images of a side by name, sorted.</summary>
    static SortedDictionary<string, ImageFile> Images(string folder, string side, PairProblems found)
    {
        var images = new SortedDictionary<string, ImageFile>(Comparer<string>.Create(CompareBytes));
        var root = Path.Combine(folder, side);
        if (!Directory.Exists(root))
        {
            found.Add($"'{folder}' without {side}/", "preferred images in w/ and the others, under the same names, in l/", "Make the folder, or correct the path.");
            return images;
        }
        foreach (var file in Files(root, found))
        {
            var extension = file.Extension.ToLowerInvariant();
            if (Unreadable.Contains(extension))
                found.Count("images of a kind that is not read", $"'{file.FullName}'", "png, jpg, webp, bmp or gif", "Convert them.");
            if (!Extensions.Contains(extension)) continue;
            if (RegularFile.Obstacle(file.FullName) is { } obstacle)
            {
                found.Count("images that are no files", $"'{file.FullName}' ({obstacle})", "images", "Remove them, or mend the links.");
                continue;
            }
            var path = Path.GetRelativePath(folder, file.FullName).Replace('\\', '/');
            var name = Path.ChangeExtension(path[(side.Length + 1)..], null);
            if (!images.TryAdd(name, new ImageFile(file.FullName, path, file.Length)))
                found.Count("images of one name", $"'{images[name].Path}' and '{file.FullName}'", "one image of a name on each side", "Remove one, or rename a pair.");
        }
        return images;
    }

    static IReadOnlyList<FileInfo> Files(string root, PairProblems found)
    {
        try
        {
            return DataFiles.Below(root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add(e.Message.TrimEnd('.'), "a folder that can be read", "Correct its links or permissions.");
            return [];
        }
    }

    static void Alone(string side, string other, ImageFile image, PairProblems found) => found.Count(
        $"images in {side}/ without their twin in {other}/", image.Name, "the same names in w/ and l/", "Add the missing images, or remove these.");

    static string Caption(string image, PairProblems found)
    {
        var file = Path.ChangeExtension(image, ".txt");
        if (!File.Exists(file)) return "";
        try
        {
            // Trim takes no byte order mark for white space.
            return Strict.GetString(InputFile.ReadAll(file, LongestCaption)).TrimStart('\uFEFF').Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Count("captions that cannot be read", e.Message.TrimEnd('.'), "small files of text", "Correct or remove them.");
            return "";
        }
        catch (DecoderFallbackException)
        {
            found.Count("captions that are no text", $"'{file}'", "UTF-8", "Save them as UTF-8.");
            return "";
        }
    }

    static int CompareBytes(string a, string b) => Encoding.UTF8.GetBytes(a).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b));
}
