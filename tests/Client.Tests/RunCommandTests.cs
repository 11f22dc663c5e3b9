using System.Text.Json;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Tests;

public sealed class RunCommandTests
{
    [Fact]
    public async Task Run_WhenConfigurationIsGood_LeavesTheWholeFolder()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--format", "json"));
        Assert.True(code == ExitCode.Success, output.StandardError);

        var run = Path.Combine(folder.Path, "tiny");
        foreach (var file in new[] { "config.yaml", "manifest.json", "metrics.jsonl", "log.txt", "pytorch_lora_weights.safetensors", "samples/before.png", "samples/after.png", "samples/before-after.png", "curves.png", "report.html", "checkpoints/round-000002/trainer.safetensors" })
            Assert.True(File.Exists(Path.Combine(run, file)), $"{file} is missing");
        Assert.Equal([0, 1], MetricsFile.Read(Path.Combine(run, "metrics.jsonl")).Select(m => m.Round));
        Assert.Equal(3, SpecificationYaml.Read(Path.Combine(run, "config.yaml")).Sampling.Steps);
        Assert.Contains("a cat driving a nuke", PngFile.ReadTexts(File.ReadAllBytes(Path.Combine(run, "samples/before.png")))["prompts"], StringComparison.Ordinal);

        using var summary = JsonDocument.Parse(output.StandardOutput);
        Assert.Equal(2, summary.RootElement.GetProperty("rounds").GetInt32());
        Assert.True(summary.RootElement.GetProperty("pairs").GetInt64() > 0);
    }

    [Fact]
    public async Task Report_WhenARunIsDone_HoldsItsPicturesAndNeedsNothingElse()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--set", "training.rounds=1", "--set", "name=a-run"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        var html = File.ReadAllText(folder["a-run/report.html"]);
        Assert.Equal(2, html.Split("src=\"data:image/png;base64,").Length - 1);
        Assert.Equal(2, html.Split("<img").Length - 1);
        Assert.DoesNotContain("http", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("learning_rate", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenItsModelHasNoOracle_SaysWhatToDo()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--set", "evaluation.oracle=shapes_world"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("holds no oracle/model.safetensors, which evaluation.oracle: shapes_world needs", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["tiny"]), "a run that never committed anything is in the way of the next attempt");
    }

    [Fact]
    public async Task Run_WhenFolderHoldsARun_RefusesWithoutResume()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["tiny"]);
        folder.Write("tiny/notes.txt", "mine");
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path));
        Assert.Equal(ExitCode.RunConflict, code);
        Assert.Contains("is not empty. Add --resume to go on with its run", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WhenRunWasShorter_EndsAsTheWholeRun()
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder["whole"], "--set", "training.rounds=3"));
        await Spo.Run(Spo.TinyRun(folder["parts"], "--set", "training.rounds=1"));
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["parts"], "--set", "training.rounds=3", "--resume"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(File.ReadAllBytes(folder["whole/tiny/pytorch_lora_weights.safetensors"]), File.ReadAllBytes(folder["parts/tiny/pytorch_lora_weights.safetensors"]));
        Assert.Equal(
            MetricsFile.Read(folder["whole/tiny/metrics.jsonl"]).Select(m => (m.Round, m.ConsumedDigest)),
            MetricsFile.Read(folder["parts/tiny/metrics.jsonl"]).Select(m => (m.Round, m.ConsumedDigest)));
    }

    [Fact]
    public async Task Resume_WhenConfigurationDiffers_ListsTheKeys()
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder.Path, "--set", "training.rounds=1", "--set", "evaluation.count=0"));
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--resume", "--set", "sampling.guidance_scale=3", "--set", "seed=7"));
        Assert.Equal(ExitCode.RunConflict, code);
        Assert.Contains("2 differing keys:\n  seed: 42 in the run's folder, 7 now\n  sampling.guidance_scale: 5 in the run's folder, 3 now", output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Branch_WithALowerRate_GoesOnFromTheParentsCommitAndLeavesItAlone(bool sequential)
    {
        using var folder = new TemporaryFolder();
        string[] way = ["--set", "evaluation.count=0", .. sequential ? ["--sequential"] : Array.Empty<string>()];
        await Spo.Run(Spo.TinyRun(folder.Path, [.. way, "--set", "training.rounds=1"]));
        var parent = RunManifest.In(folder["tiny"])!;
        string[] branch = [.. way, "--resume", "--branch", "calmer", "--set", "optimizer.learning_rate=1e-5"];
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, branch));
        Assert.True(code == ExitCode.Success, output.StandardError);

        var manifest = RunManifest.In(folder["calmer"])!;
        Assert.Equal(new RunParent("tiny", 1, parent.AdapterHash), manifest.Parent);
        Assert.Equal(2, manifest.NextRound);
        Assert.True(manifest.ConsumedPairs > parent.ConsumedPairs);
        Assert.Equal([1], MetricsFile.Read(folder["calmer/metrics.jsonl"]).Select(m => m.Round));
        Assert.Equal(1e-5, SpecificationYaml.Read(folder["calmer/config.yaml"]).Optimizer.LearningRate);
        Assert.Equal(parent, RunManifest.In(folder["tiny"]));

        // The same command again has nothing left to do; with other settings it is refused as any run is.
        Assert.Equal(ExitCode.Success, (await Spo.Run(Spo.TinyRun(folder.Path, branch))).Code);
        Assert.Equal(ExitCode.RunConflict, (await Spo.Run(Spo.TinyRun(folder.Path, [.. way, "--resume", "--branch", "calmer"]))).Code);
    }

    [Fact]
    public async Task Branch_WithoutResumeCommitOrAFreeName_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--branch", "new"));
        Assert.True(code == ExitCode.InvalidInput && output.StandardError.Contains("add --resume", StringComparison.Ordinal), output.StandardError);
        (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--resume", "--branch", "tiny"));
        Assert.True(code == ExitCode.InvalidInput && output.StandardError.Contains("choose another one", StringComparison.Ordinal), output.StandardError);
        (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--resume", "--branch", "../new"));
        Assert.Equal(ExitCode.InvalidInput, code);
        (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--resume", "--branch", "new"));
        Assert.True(code == ExitCode.RunConflict && output.StandardError.Contains("holds no commit to branch off from", StringComparison.Ordinal), output.StandardError);
        Assert.False(Directory.Exists(folder["new"]));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Run_WhenItDiverges_EndsInOneLineThatNamesPlaceAndWayOn(bool sequential)
    {
        using var folder = new TemporaryFolder();
        string[] way = ["--set", "evaluation.count=0", "--set", "optimizer.learning_rate=10", "--set", "lora.alpha=1000000", "--set", "training.rounds=9", .. sequential ? ["--sequential"] : Array.Empty<string>()];
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, way));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("diverged in round", output.StandardError, StringComparison.Ordinal);
        Assert.Contains("--resume --branch NAME --set optimizer.learning_rate=5 (now 10)", output.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenConfigurationIsWrong_ListsEverythingAndMakesNoFolder()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", "sampling.candidates=1", "--set", "sampling.stepz=3"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("has 2 problems:", output.StandardError, StringComparison.Ordinal);
        Assert.Empty(output.StandardOutput);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task Run_WhenSeveralModelsAreWrong_ListsThemAllAndMakesNoFolder()
    {
        using var folder = new TemporaryFolder();
        var broken = folder.Write("broken.safetensors", "x");
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"model.vae={broken}", "--set", $"judge.path={broken}", "--set", "lora.target_modules=[to_x]"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("has 3 problems:", output.StandardError, StringComparison.Ordinal);
        foreach (var key in new[] { "model.vae: found", "judge.path: found", "lora.target_modules: found" })
            Assert.Contains(key, output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Theory]
    [InlineData("cuda:97", ExitCode.DeviceUnavailable, "cuda:97")]
    [InlineData("tpu", ExitCode.InvalidInput, "expected auto, cpu, cuda or cuda:N")]
    public async Task Run_WhenDeviceIsNotThere_SaysSo(string device, ExitCode expected, string message)
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--set", $"model.device={device}"));
        Assert.Equal(expected, code);
        Assert.Contains(message, output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenConfigurationIsMissing_ReturnsNotFound()
    {
        var (code, output) = await Spo.Run("run", "/nowhere/config.yaml");
        Assert.Equal(ExitCode.NotFound, code);
        Assert.Contains("'/nowhere/config.yaml' does not exist", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenAPromptIsFarTooLong_NamesIt()
    {
        using var folder = new TemporaryFolder();
        var prompts = folder.Write("long.txt", $"short\n{new string('x', 10_000)}\n");
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"prompts.path={prompts}"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("prompts.path: found 10000 characters (prompt 2); expected at most 8192", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenCancelled_SaysHowToGoOn()
    {
        using var folder = new TemporaryFolder();
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        var output = new RecordingOutput();
        var code = await Commands.SpoCommandLine.InvokeAsync(Spo.TinyRun(folder.Path, "--set", "evaluation.count=0"), output, TimeProvider.System, cancellation: cancelled.Token);
        Assert.Equal((int)ExitCode.Cancelled, code);
        Assert.Contains("--resume", output.StandardError, StringComparison.Ordinal);
    }

    /// <summary>A round that is told as done is committed, however rarely commits are asked for.</summary>
    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Run_WhenCancelledAsARoundEnds_CommitsIt(bool sequential)
    {
        using var folder = new TemporaryFolder();
        using var cancelled = new CancellationTokenSource();
        var output = new CancellingOutput("round 1: ", cancelled);
        var code = await Commands.SpoCommandLine.InvokeAsync(
            Spo.TinyRun(folder.Path, ["--set", "evaluation.count=0", "--set", "checkpoints.every=100", "--set", "training.rounds=20", .. sequential ? ["--sequential"] : Array.Empty<string>()]),
            output, TimeProvider.System, cancellation: cancelled.Token);
        Assert.Equal((int)ExitCode.Cancelled, code);
        Assert.InRange(RunManifest.In(folder["tiny"])!.NextRound, 1, 19);
    }

    /// <summary>Cancels when something is said.</summary>
    sealed class CancellingOutput(string sign, CancellationTokenSource source) : Client.Console.IConsoleOutput
    {
        readonly RecordingOutput inner = new();

        public bool IsInteractive => false;

        public void Say(string text)
        {
            inner.Say(text);
            if (text.StartsWith(sign, StringComparison.Ordinal)) source.Cancel();
        }

        public void Warn(string text) => inner.Warn(text);

        public void Fail(string text) => inner.Fail(text);

        public void Data(string text) => inner.Data(text);

        public void Table(Client.Console.OutputTable table) => inner.Table(table);

        public void Live(Action<Action<Spectre.Console.Rendering.IRenderable>> work) => inner.Live(work);

        public Task LiveAsync(Func<Action<Spectre.Console.Rendering.IRenderable>, Task> work) => inner.LiveAsync(work);
    }
}
