using SpoActors.Client.Tests.BadInput;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Client.Tests;

/// <summary><c>spo run</c> with and without actors leaves the same folder, and each goes on with the other's runs.</summary>
public sealed class PipelineRunTests
{
    [Fact]
    public async Task Run_WithAndWithoutActors_LeavesTheSameFolder()
    {
        using var folder = new TemporaryFolder();
        var (plain, first) = await Spo.Run(Spo.TinyRun(folder["plain"], "--sequential"));
        var (actors, second) = await Spo.Run(Spo.TinyRun(folder["actors"]));
        Assert.True((plain, actors) == (ExitCode.Success, ExitCode.Success), first.StandardError + second.StandardError);

        foreach (var file in new[] { "pytorch_lora_weights.safetensors", "checkpoints/round-000002/trainer.safetensors", "samples/before.png", "samples/after.png" })
            Assert.Equal(File.ReadAllBytes(folder[$"plain/tiny/{file}"]), File.ReadAllBytes(folder[$"actors/tiny/{file}"]));
        Assert.Equal(Metrics(folder["plain/tiny"]), Metrics(folder["actors/tiny"]));
        Assert.Equal(Manifest(folder["plain/tiny"]), Manifest(folder["actors/tiny"]) with { TrainerEpoch = 0, TrainerNonce = null });
        Assert.Contains("finished after 2 rounds", second.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithAnotherAlphaThanTheRank_LeavesOneLoraWithAndWithoutActors()
    {
        using var folder = new TemporaryFolder();
        // Neither 3 / 4 nor its inverse is exact in every product, so folding it in rounds.
        string[] settings = ["--set", "lora.alpha=3", "--set", "evaluation.count=0"];
        var (plain, first) = await Spo.Run(Spo.TinyRun(folder["plain"], [.. settings, "--sequential"]));
        var (actors, second) = await Spo.Run(Spo.TinyRun(folder["actors"], settings));
        Assert.True((plain, actors) == (ExitCode.Success, ExitCode.Success), first.StandardError + second.StandardError);

        var file = folder["actors/tiny/pytorch_lora_weights.safetensors"];
        Assert.Equal(File.ReadAllBytes(folder["plain/tiny/pytorch_lora_weights.safetensors"]), File.ReadAllBytes(file));
        Assert.Equal(Manifest(folder["plain/tiny"]), Manifest(folder["actors/tiny"]) with { TrainerEpoch = 0, TrainerNonce = null });
        // diffusers knows no alpha in these names: what it computes with is B A, which must be alpha / rank times what was trained.
        using var scope = NewDisposeScope();
        using var lora = SafetensorsFile.Open(file);
        using var state = SafetensorsFile.Open(folder["actors/tiny/checkpoints/round-000002/trainer.safetensors"]);
        var trained = state.Tensors.Keys.First(k => k.EndsWith(".lora_B.weight", StringComparison.Ordinal));
        var path = trained["lora.".Length..^".lora_B.weight".Length];
        Assert.True(lora.Load($"unet.{path}.lora.up.weight").eq(state.Load(trained) * 0.75).all().item<bool>());
        Assert.DoesNotContain(lora.Tensors.Keys, k => k.EndsWith("alpha", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Resume_AfterAKillBetweenManifestAndLora_PutsTheCommitsLoraBack(bool sequential)
    {
        using var folder = new TemporaryFolder();
        string[] way = ["--set", "evaluation.count=0", .. sequential ? ["--sequential"] : Array.Empty<string>()];
        await Spo.Run(Spo.TinyRun(folder["runs"], way));
        var lora = folder["runs/tiny/pytorch_lora_weights.safetensors"];
        var finished = File.ReadAllBytes(lora);
        File.Copy(folder["runs/tiny/checkpoints/round-000001/pytorch_lora_weights.safetensors"], lora, overwrite: true);
        Assert.NotEqual(finished, File.ReadAllBytes(lora));

        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], [.. way, "--resume"]));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(finished, File.ReadAllBytes(lora));
    }

    [Theory]
    [InlineData(true), InlineData(false)]
    public async Task Resume_TheOtherWay_EndsAsTheWholeRun(bool beginsSequentially)
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder["whole"], "--set", "evaluation.count=0"));
        await Spo.Run(Spo.TinyRun(folder["parts"], ["--set", "evaluation.count=0", "--set", "training.rounds=1", .. Way(beginsSequentially)]));
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["parts"], ["--set", "evaluation.count=0", "--resume", .. Way(!beginsSequentially)]));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(Metrics(folder["whole/tiny"]), Metrics(folder["parts/tiny"]));
        Assert.Equal(File.ReadAllBytes(folder["whole/tiny/pytorch_lora_weights.safetensors"]), File.ReadAllBytes(folder["parts/tiny/pytorch_lora_weights.safetensors"]));

        static string[] Way(bool sequential) => sequential ? ["--sequential"] : [];
    }

    [Fact]
    public async Task Resume_WhenTheSlowCopySamples_PublishesItsValuesAgain()
    {
        using var folder = new TemporaryFolder();
        string[] settings = ["--set", "objective.kind=grad_spo", "--set", "evaluation.count=0"];
        await Spo.Run(Spo.TinyRun(folder["whole"], [.. settings, "--set", "training.rounds=3", "--sequential"]));
        await Spo.Run(Spo.TinyRun(folder["parts"], [.. settings, "--set", "training.rounds=1"]));
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["parts"], [.. settings, "--set", "training.rounds=3", "--resume"]));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(Metrics(folder["whole/tiny"]), Metrics(folder["parts/tiny"]));
        Assert.Equal(Manifest(folder["whole/tiny"]), Manifest(folder["parts/tiny"]) with { TrainerEpoch = 0, TrainerNonce = null });
        // What samplers are given is not what is trained.
        Assert.NotEqual(Manifest(folder["parts/tiny"]).AdapterHash, AtomicFile.Hash(Directory.GetFiles(folder["parts/tiny/adapters"], "v000003-*").Single()));
    }

    [Theory]
    [InlineData("truncated"), InlineData("other"), InlineData("missing"), InlineData("pipe"), InlineData("misnamed")]
    public async Task Resume_WhenAdaptersAreDamagedAndCanBeHadAnew_EndsAsTheWholeRun(string damage)
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder["whole"], "--set", "evaluation.count=0", "--sequential"));
        await Spo.Run(Spo.TinyRun(folder["parts"], "--set", "evaluation.count=0", "--set", "training.rounds=1"));
        foreach (var file in Directory.GetFiles(folder["parts/tiny/adapters"])) Damage(file, damage);
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["parts"], "--set", "evaluation.count=0", "--resume"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(File.ReadAllBytes(folder["whole/tiny/pytorch_lora_weights.safetensors"]), File.ReadAllBytes(folder["parts/tiny/pytorch_lora_weights.safetensors"]));
    }

    [Theory]
    [InlineData("truncated"), InlineData("other"), InlineData("missing"), InlineData("pipe"), InlineData("misnamed")]
    public async Task Resume_WhenAdaptersOfFormerRoundsAreDamaged_SaysWhichInOneLine(string damage)
    {
        using var folder = new TemporaryFolder();
        string[] settings = ["--set", "evaluation.count=0", "--set", "pipeline.staleness=1"];
        await Spo.Run(Spo.TinyRun(folder["runs"], settings));
        foreach (var file in Directory.GetFiles(folder["runs/tiny/adapters"])) Damage(file, damage);
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], [.. settings, "--set", "training.rounds=3", "--resume"]));
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("lacks adapter versions between 1 and 2, or they are damaged; restore its adapters folder", output.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output.StandardError, StringComparison.Ordinal);
    }

    static void Damage(string file, string damage)
    {
        var content = File.ReadAllBytes(file);
        File.Delete(file);
        if (damage == "truncated") File.WriteAllBytes(file, content[..^1]);
        else if (damage == "other") File.WriteAllBytes(file, [.. content[..^1], (byte)(content[^1] + 1)]);
        else if (damage == "pipe") BadFiles.MakePipe(file);
        else if (damage == "misnamed") File.WriteAllBytes(Path.Combine(Path.GetDirectoryName(file)!, "v-old.safetensors"), content);
    }

    [Fact]
    public async Task Run_TwiceSideBySideInOneProcess_DisturbsNeither()
    {
        using var folder = new TemporaryFolder();
        var ends = await Task.WhenAll(new[] { "one", "two" }.Select(name => Spo.Run(Spo.TinyRun(folder[name], "--set", "evaluation.count=0"))));
        Assert.All(ends, end => Assert.True(end.Code == ExitCode.Success, end.Output.StandardError));
        Assert.Equal(Metrics(folder["one/tiny"]), Metrics(folder["two/tiny"]));
        Assert.Equal(File.ReadAllBytes(folder["one/tiny/pytorch_lora_weights.safetensors"]), File.ReadAllBytes(folder["two/tiny/pytorch_lora_weights.safetensors"]));
    }

    [Fact]
    public async Task Run_WhenTheModelIsDamaged_FailsAtOnceWithItsMessage()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["model"]);
        folder.Write("model/model_index.json", "{}");
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"model.path={folder["model"]}"));
        Assert.NotEqual(ExitCode.Success, code);
        Assert.Contains(folder["model"], output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenSamplingFollowsTheScores_AsksForTheSequentialLoop()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--set", "sampling.next=best"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("Run it with --sequential", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenAnItemDoesNotFitItsChannel_NamesTheSetting()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(
            folder.Path, "--set", "pipeline.channel_megabytes=1", "--set", "sampling.height=512", "--set", "sampling.width=512", "--set", "evaluation.count=0"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("pipeline.channel_megabytes: found 1; the largest item has", output.StandardError, StringComparison.Ordinal);
    }

    static (int Round, int Pairs, double? Loss, string Digest)[] Metrics(string run) =>
        [.. MetricsFile.Read(Path.Combine(run, "metrics.jsonl")).Select(m => (m.Round, m.Pairs, m.Loss, m.ConsumedDigest))];

    static RunManifest Manifest(string run) => RunManifest.Read(Path.Combine(run, "manifest.json"));
}
