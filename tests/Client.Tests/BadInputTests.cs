using System.Runtime.InteropServices;

namespace SpoActors.Client.Tests;

/// <summary>Whatever a person hands to a command ends in an exit code and a few lines, in bounded time and without a stack trace.</summary>
public sealed class BadInputTests : IDisposable
{
    static readonly string Model = Repository.PathOf("tests/data/tiny/pipeline");
    static readonly string Tiny = Repository.PathOf("config/tiny.yaml");
    static readonly string TinySpm = Repository.PathOf("tests/data/cases/common/tiny-spm.yaml");
    static readonly string Pairs = Repository.PathOf("tests/data/cases/common/ok.parquet");

    static readonly string[] Kinds =
        ["missing", "empty", "folder", "unreadable", "pipe", "device", "truncated", "text", "binary", "loop", "newline\n", "nested", "null"];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>Every command that reads a file, with FILE in its place.</summary>
    public static TheoryData<string> Commands => [.. new[]
    {
        "run FILE", "run FILE --dry-run", "run TINY --set prompts.path=FILE", "run TINY --set model.path=FILE", "run TINY --set judge.path=FILE", "run TINY --set lora.initial_weights=FILE",
        "run TINY --set model.vae=FILE", "train-spm FILE", "train-spm SPM --set data.train=[FILE]", "train-spm SPM --set start.path=FILE", "doctor FILE", "inspect FILE", "inspect FILE --tensors", "convert FILE OUT",
        "sample FILE --prompt a --steps 1 --output OUT", "sample MODEL --prompts FILE --steps 1 --output OUT", "sample MODEL --prompt a --lora FILE --steps 1 --output OUT",
        "list --cluster FILE", "show run --cluster FILE", "watch run --cluster FILE", "logs run --cluster FILE", "start TINY --cluster FILE", "pause run --cluster FILE", "resume run --cluster FILE",
        "cancel run --cluster FILE", "cluster status --cluster FILE", "cluster init --cluster FILE",
    }];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Command_WhenFileIsNone_SaysSoInAFewLines(string command)
    {
        // An empty configuration of a cluster is its defaults, and then it is the cluster that is missing.
        foreach (var kind in command.Contains("cluster", StringComparison.Ordinal) ? Kinds.Except(["empty", "unreadable", "newline\n", "null"]) : Kinds)
        {
            var file = Make(kind, command);
            string[] words = [.. command.Split(' ').Select(w => w.Replace("TINY", Tiny, StringComparison.Ordinal).Replace("SPM", TinySpm, StringComparison.Ordinal)
                .Replace("MODEL", Model, StringComparison.Ordinal).Replace("OUT", folder["out"], StringComparison.Ordinal).Replace("FILE", file, StringComparison.Ordinal))];
            if (command.StartsWith("run TINY", StringComparison.Ordinal) || command.StartsWith("train-spm", StringComparison.Ordinal) || command.StartsWith("run FILE", StringComparison.Ordinal))
                words = [.. words, "--output", folder["runs"]];
            await AssertRefused(words, kind);
            Assert.False(Directory.Exists(folder["out"]) || Directory.Exists(folder["runs"]), $"{kind}: a folder was left behind");
        }
    }

    [Theory]
    [InlineData("show", "")]
    [InlineData("show", "a/b")]
    [InlineData("show", "run\n")]
    [InlineData("cancel", "../../x")]
    [InlineData("completion", "tcsh")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--seed", "-1")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--height", "7")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--height", "-8")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--device", "tpu")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--threads", "-1")]
    [InlineData("sample", "MODEL", "--prompt", "a", "--guidance-scale", "NaN")]
    [InlineData("sample", "MODEL", "--prompts", "x.txt", "--limit", "0")]
    [InlineData("run", "TINY", "--set", "sampling.steps")]
    [InlineData("run", "TINY", "--set", "sampling.steps=many")]
    [InlineData("run", "TINY", "--set", "evaluation.seeds=[[[[")]
    [InlineData("run", "TINY", "--name", "a/b")]
    [InlineData("run", "TINY", "--name", "")]
    [InlineData("run", "TINY", "--branch", "x")]
    [InlineData("run", "TINY", "--dry-run", "--set", "training.prompts_per_round=2147483647")]
    [InlineData("doctor", "TINY", "--set", "nonsense=1")]
    [InlineData("doctor", "--output", "/dev/null/x", "/nowhere.yaml")]
    public async Task Command_WhenValueIsWrong_SaysSoInAFewLines(params string[] words) =>
        await AssertRefused([.. words.Select(w => w == "MODEL" ? Model : w == "TINY" ? Tiny : w)], words[^1]);

    static async Task AssertRefused(string[] words, string kind)
    {
        var running = Task.Run(() => Spo.Run(words), TestContext.Current.CancellationToken);
        var (code, output) = await running.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var said = output.StandardError + output.StandardOutput;
        var what = $"{string.Join(' ', words)} ({kind}): exit {code}\n{said}";
        Assert.True(code is ExitCode.InvalidInput or ExitCode.NotFound or ExitCode.Failed or ExitCode.DeviceUnavailable or ExitCode.ClusterUnavailable, what);
        Assert.True(code != ExitCode.Failed || kind is "unreadable", what);
        Assert.False(said.Contains("   at ", StringComparison.Ordinal) || said.Contains("Exception", StringComparison.Ordinal), what);
        Assert.InRange(said.Split('\n').Length, 2, 40);
    }

    string Make(string kind, string command)
    {
        var extension = command.Contains("--prompts", StringComparison.Ordinal) || command.Contains("prompts.path", StringComparison.Ordinal) ? ".json"
            : command.Contains("data.train", StringComparison.Ordinal) ? ".parquet"
            : command.Contains("cluster", StringComparison.Ordinal) || command.Contains("run FILE", StringComparison.Ordinal) || command.Contains("spm FILE", StringComparison.Ordinal) || command.Contains("doctor", StringComparison.Ordinal) ? ".yaml" : ".safetensors";
        var path = folder[kind + extension];
        if (Path.Exists(path)) return path;
        switch (kind)
        {
            case "missing": break;
            case "empty" or "newline\n": File.WriteAllText(path, ""); break;
            case "folder": Directory.CreateDirectory(path); break;
            case "unreadable":
                File.WriteAllText(path, "name: a\n");
                if (OperatingSystem.IsLinux()) File.SetUnixFileMode(path, UnixFileMode.None);
                break;
            case "pipe": Assert.Equal(0, mkfifo(path, 0x1B6)); break;
            case "device": File.CreateSymbolicLink(path, "/dev/zero"); break;
            case "loop": File.CreateSymbolicLink(path, path); break;
            case "truncated": File.WriteAllBytes(path, File.ReadAllBytes(Pairs)[..5000]); break;
            case "text": File.WriteAllText(path, "this: is\nno: [file\n"); break;
            case "binary": File.WriteAllBytes(path, [.. Enumerable.Range(0, 4096).Select(i => (byte)(i * 7))]); break;
            case "nested": File.WriteAllText(path, new string('[', 100_000)); break;
            case "null": File.WriteAllText(path, "null"); break;
        }
        return path;
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int mkfifo(string path, int mode);
}
