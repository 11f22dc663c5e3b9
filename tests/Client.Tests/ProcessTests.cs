using System.Diagnostics;
using System.Text.Json;

namespace SpoActors.Client.Tests;

/// <summary>The program as a process: exit status, and what goes to which stream.</summary>
public sealed class ProcessTests
{
    static Task<(int Code, string Out, string Error)> Start(params string[] args) => Start([], args);

    static async Task<(int Code, string Out, string Error)> Start((string Name, string Value)[] variables, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "spo.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var (name, value) in variables) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [Fact]
    public async Task Process_WhenJsonIsAsked_WritesNothingElseToStandardOutput()
    {
        var (code, output, error) = await Start("inspect", Repository.PathOf("tests/data/tiny/spm/model.safetensors"), "--format", "json");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("step_aware_preference_model", json.RootElement.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Process_WhenHelpIsAsked_LoadsNoLibtorch()
    {
        // glibc's loader writes down every file that it opens.
        var (code, output, error) = await Start([("LD_DEBUG", "files")], "--help");
        Assert.Equal(0, code);
        Assert.Contains("shapes", output, StringComparison.Ordinal);
        Assert.Contains("libcoreclr", error, StringComparison.Ordinal);
        Assert.DoesNotContain("libtorch", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WhenCommandFails_WritesWhyToStandardError()
    {
        var (code, output, error) = await Start("inspect", "/nowhere");
        Assert.Equal((3, ""), (code, output));
        Assert.Contains("'/nowhere' does not exist.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WhenPluginFolderIsMissing_NamesTheVariable()
    {
        var (code, _, error) = await Start([("SPO_PLUGINS", "/nowhere")], "inspect", "/nowhere");
        Assert.Equal((int)ExitCode.InvalidInput, code);
        Assert.Contains("SPO_PLUGINS names '/nowhere'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Process_WhenTerminated_StopsAndCanBeResumed()
    {
        using var folder = new TemporaryFolder();
        string[] options = Spo.TinyRun(folder.Path, "--set", "evaluation.count=0", "--set", "training.epochs=100", "--set", "training.rounds=null");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "spo.dll"));
        foreach (var option in options) start.ArgumentList.Add(option);
        using var process = Process.Start(start)!;
        var error = "";
        var isTold = false;
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            error += line + "\n";
            // Once: a second time would not wait for the next safe point.
            if (isTold || !line.StartsWith("round 2", StringComparison.Ordinal)) continue;
            isTold = true;
            Assert.Equal(0, Terminate(process.Id, SigTerm));
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == (int)ExitCode.Cancelled, error);
        Assert.Contains("--resume", error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["tiny/manifest.json"]));
    }

    [Theory]
    [InlineData("--sequential")]
    [InlineData()]
    public async Task Process_WhenInterruptedLongBeforeACheckpoint_CommitsItsCompleteRounds(params string[] loop)
    {
        using var folder = new TemporaryFolder();
        string[] options = [.. Spo.TinyRun(folder.Path, "--set", "evaluation.count=0", "--set", "training.epochs=100", "--set", "training.rounds=null", "--set", "checkpoints.every=100000"), .. loop];
        var (code, error) = await Interrupted(options, "round 3");
        Assert.True(code == (int)ExitCode.Cancelled, error);
        using var manifest = JsonDocument.Parse(await File.ReadAllTextAsync(folder["tiny/manifest.json"], TestContext.Current.CancellationToken));
        Assert.InRange(manifest.RootElement.GetProperty("next_round").GetInt32(), 2, 399);
        Assert.Contains($"complete rounds, which are committed in {folder["tiny"]}. To go on:", error, StringComparison.Ordinal);
        Assert.Contains($"spo run {Repository.PathOf("config/tiny.yaml")} --output {folder.Path} --set sampling.steps=3", error, StringComparison.Ordinal);
        Assert.Contains(" --resume", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    /// <summary>Starts a command and sends it SIGINT as soon as a line begins as said.</summary>
    static async Task<(int Code, string Error)> Interrupted(string[] args, string line)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "spo.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var (error, isTold) = ("", false);
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } read)
        {
            error += read + "\n";
            if (isTold || !read.StartsWith(line, StringComparison.Ordinal)) continue;
            isTold = true;
            Assert.Equal(0, Terminate(process.Id, SigInt));
        }
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, error);
    }

    const int SigInt = 2, SigTerm = 15;

    [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "kill")]
    static extern int Terminate(int process, int signal);
}
