using SpoActors.Client.Tests.Clusters;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Tests.Method;
using static TorchSharp.torch;

namespace SpoActors.Client.Tests.OwnPairs;

/// <summary>From a folder of one's own images to a LoRA, by the command line alone.</summary>
public sealed class OwnPairRunTests
{
    [Fact]
    public async Task Run_OnAFolderOfPairs_WritesATrainedLoraAndItsAverage()
    {
        using var folder = new TemporaryFolder();
        var config = OwnPairConfig.Write(folder);
        var (code, output) = await Spo.Run("run", config, "--output", folder["actors"]);
        Assert.True(code == ExitCode.Success, output.StandardError);
        (code, output) = await Spo.Run("run", config, "--output", folder["plain"], "--sequential");
        Assert.True(code == ExitCode.Success, output.StandardError);

        foreach (var file in new[] { RunStore.AdapterFile, RunStore.AverageFile, "samples/before.png", "samples/after.png", "report.html" })
            Assert.True(File.Exists(folder[$"actors/own/{file}"]), $"{file} is missing");
        var manifest = RunManifest.In(folder["actors/own"])!;
        Assert.Equal((true, 4L, 4), (manifest.Finished, manifest.ConsumedPairs, manifest.Minibatches));
        Assert.Equal(RunManifest.In(folder["plain/own"]), manifest with { TrainerEpoch = 0, TrainerNonce = null });
        AssertTrained(folder["actors/own"]);
    }

    [Theory]
    [InlineData("diffusion-dpo-sd15"), InlineData("sdpo-sd15"), InlineData("linear-dpo-sd15")]
    public async Task Run_OfAPreset_WritesATrainedLora(string preset)
    {
        using var folder = new TemporaryFolder();
        string[] settings =
        [
            $"model.path={Repository.PathOf("tests/data/tiny/pipeline")}", "model.device=cpu", "model.threads=1", $"data.path={OwnPairFolder.Write(folder["pairs"], 4)}", "data.resolution=64",
            "training.rounds=2", "training.gradient_accumulation=1", "training.batch_size=1", "optimizer.schedule={ kind: constant }", "lora.rank=4", "evaluation.count=0",
        ];
        var (code, output) = await Spo.Run(
            ["run", Repository.PathOf($"config/methods/{preset}.yaml"), "--name", "own", "--output", folder["runs"], .. settings.SelectMany(s => (string[])["--set", s])]);
        Assert.True(code == ExitCode.Success, output.StandardError);
        AssertTrained(folder["runs/own"]);
    }

    static void AssertTrained(string run)
    {
        using var scope = NewDisposeScope();
        using var lora = SafetensorsFile.Open(Path.Combine(run, RunStore.AdapterFile));
        // The middle block sees one position, whose attention no query or key can change.
        var trained = lora.Tensors.Keys.Where(k => k.EndsWith(".up.weight", StringComparison.Ordinal) && !k.Contains("to_q", StringComparison.Ordinal) && !k.Contains("to_k", StringComparison.Ordinal));
        Assert.NotEmpty(trained);
        Assert.All(trained, k => Assert.True(lora.Load(k).abs().max().item<float>() > 0));
    }

    [Fact]
    public async Task Doctor_OfAConfigurationOfOwnPairs_CountsThem()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("doctor", OwnPairConfig.Write(folder, pairs: 3), "--output", folder.Path);
        Assert.True(code == ExitCode.Success, output.StandardOutput);
        Assert.Contains("valid, 3 pairs", output.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAFolderOfPairs_TrainsThemOnTheCluster()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await TestCluster.StartTorchAsync(SiloPart.All);
        var (code, output) = await cluster.SpoAsync("start", OwnPairConfig.Write(folder), "--name", "own");
        Assert.True(code == ExitCode.Success, output.StandardError);
        var end = await cluster.Silos.FinishedAsync("own", TestContext.Current.CancellationToken);
        Assert.Equal((2, 4L), (end.NextRound, end.Totals.Pairs));
    }

    [Fact]
    public async Task Start_WhenAPairWasExchangedSince_SaysThatTheRunHasOthers()
    {
        using var folder = new TemporaryFolder();
        var config = OwnPairConfig.Write(folder);
        await using var cluster = await TestCluster.StartTorchAsync(SiloPart.All);
        await cluster.SpoAsync("start", config, "--name", "own");
        await cluster.Silos.FinishedAsync("own", TestContext.Current.CancellationToken);
        OwnPairFolder.Spoil(folder["pairs"], pair: 2);
        var (code, output) = await cluster.SpoAsync("start", config, "--name", "own");
        Assert.Equal(ExitCode.RunConflict, code);
        Assert.Contains("with other pairs", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampler_WhenItsSiloHasOtherPairs_TakesNoWork()
    {
        using var folder = new TemporaryFolder();
        var run = SpecificationFile.Load(OwnPairConfig.Write(folder), []);
        var began = TrainingPrompts.Read(run).Hash;
        OwnPairFolder.Spoil(folder["pairs"], pair: 2);
        var error = Assert.Throws<PipelineException>(() => new TorchComputeFactory(TimeProvider.System).CreateSampler(run, "cpu:0", began));
        Assert.Contains($"the run began with {began[..12]}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhenAnImageCannotBeDecoded_PausesAndSaysWhichOne()
    {
        using var folder = new TemporaryFolder();
        var config = OwnPairConfig.Write(folder);
        OwnPairFolder.Spoil(folder["pairs"], pair: 2);
        await using var cluster = await TestCluster.StartTorchAsync(SiloPart.All);
        await cluster.SpoAsync("start", config, "--name", "own");
        var end = await cluster.Silos.UntilAsync("own", s => s.Status == RunStatus.Paused, TestContext.Current.CancellationToken);
        Assert.Contains(Path.Combine("l", "2.png"), end.Reason, StringComparison.Ordinal);
        Assert.Contains("data.skip_undecodable", end.Reason, StringComparison.Ordinal);
    }
}
