using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace SpoActors.Client.Tests.BadInput;

/// <summary>What may stand in the place of a file that a command asks for.</summary>
static class BadFiles
{
    /// <summary>What is no file, whatever a command reads.</summary>
    public static readonly string[] Obstacles = ["missing", "nowhere", "folder", "pipe", "device", "loop", "under"];

    /// <summary>What is one, and holds something else.</summary>
    public static readonly string[] Contents =
        ["empty", "unreadable", "truncated", "text", "binary", "newline\n", "escape\u001b[31m", "nested", "null", "configuration", "picture", "lora", "table", "pickle", "model", "gzip", "prompts"];

    /// <summary>What is in a way where something is to be written.</summary>
    public static readonly string[] InTheWay = ["pipe", "device", "under", "long", "loop"];

    /// <summary>Makes it.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="kind">One of the above.</param>
    /// <param name="right">What would be right in its place: its extension is kept, and a truncated file is the beginning of it.</param>
    /// <returns>Its path.</returns>
    public static string Make(TemporaryFolder folder, string kind, string right)
    {
        var path = folder[kind + Path.GetExtension(right)];
        switch (kind)
        {
            case "missing": break;
            case "nowhere": File.CreateSymbolicLink(path, path + "-gone"); break;
            case "folder": Directory.CreateDirectory(path); break;
            case "pipe": MakePipe(path); break;
            case "device": File.CreateSymbolicLink(path, "/dev/zero"); break;
            case "loop": File.CreateSymbolicLink(path, path); break;
            case "under": return "/dev/null/x" + Path.GetExtension(right);
            case "long": return folder[new string('a', 300)];
            case "unreadable":
                File.WriteAllText(path, "name: a\n");
                if (OperatingSystem.IsLinux()) File.SetUnixFileMode(path, UnixFileMode.None);
                break;
            case "truncated" when File.Exists(right):
                var whole = File.ReadAllBytes(right);
                File.WriteAllBytes(path, [.. whole[..(whole.Length / 2)], .. "\n\"["u8]);
                break;
            case "model": return Repository.PathOf("tests/data/tiny/pipeline");
            case "configuration": File.Copy(Repository.PathOf("config/silo.yaml"), path); break;
            case "picture": File.Copy(Repository.PathOf("tests/data/cases/01-lora-conv1x1/expected.png"), path); break;
            case "lora": File.Copy(Repository.PathOf("tests/data/cases/01-lora-conv1x1/unet_only.safetensors"), path); break;
            case "table": File.Copy(Repository.PathOf("tests/data/cases/common/ok.parquet"), path); break;
            case "prompts": File.WriteAllText(path, "a cat\na dog\n"); break;
            default: File.WriteAllBytes(path, Content(kind)); break;
        }
        return path;
    }

    static byte[] Content(string kind) => kind switch
    {
        "text" or "truncated" => Encoding.UTF8.GetBytes("this: is\nno: [file\n"),
        "binary" => [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))],
        "nested" => Encoding.UTF8.GetBytes(new string('[', 100_000)),
        "null" => Encoding.UTF8.GetBytes("null"),
        "pickle" => [0x80, 2, .. "cos\nsystem\nX\u0004\0\0\0true\u0085R."u8],
        "gzip" => Compressed(),
        _ when kind.StartsWith("escape", StringComparison.Ordinal) => Encoding.UTF8.GetBytes("{\"a\u001b[31m\": \"\u001b]0;title\u0007\"}\n"),
        _ => [],
    };

    static byte[] Compressed()
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(new byte[1 << 20]);
        return buffer.ToArray();
    }

    /// <summary>A pipe that nobody writes to.</summary>
    public static void MakePipe(string path) => Assert.Equal(0, mkfifo(path, 0x1B6));

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int mkfifo(string path, int mode);
}
