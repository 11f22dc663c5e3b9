using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tests.Method;

namespace SpoActors.Trainer.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    readonly string root = Directory.CreateTempSubdirectory("spo-test-").FullName;

    RunSpecification Run => new() { Name = "a", Output = root };

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void Opening_WhenNew_WritesTheConfiguration()
    {
        using var folder = RunFolder.Open(Run, resume: false);
        Assert.False(folder.IsResumed);
        Assert.Equal(Specification.Yaml.SpecificationYaml.Write(Run), File.ReadAllText(folder.ConfigFile));
    }

    [Fact]
    public void Opening_WhenNotEmpty_NeedsResume()
    {
        RunFolder.Open(Run, resume: false).Dispose();
        var error = Assert.Throws<RunStateException>(() => RunFolder.Open(Run, resume: false));
        Assert.Contains("is not empty. Add --resume", error.Message, StringComparison.Ordinal);
        using var folder = RunFolder.Open(Run, resume: true);
        Assert.True(folder.IsResumed);
    }

    [Theory]
    [InlineData(false, null, false)]
    [InlineData(true, null, true)]
    [InlineData(false, HeldFolder.ManifestFile, true)]
    [InlineData(false, HeldFolder.MetricsFile, true)]
    public void Abandoning_WhenSomethingWasThereOrComputed_KeepsTheFolder(bool existed, string? result, bool stays)
    {
        if (existed) RunFolder.Open(Run, resume: false).Dispose();
        using (var folder = RunFolder.Open(Run, resume: true))
        {
            if (result is not null) File.WriteAllText(Path.Combine(folder.Path, result), "{}");
            folder.Abandon();
        }
        Assert.Equal(stays, Directory.Exists(RunFolder.PathOf(Run)));
    }

    [Fact]
    public void Resuming_WhenNothingIsThere_BeginsARun()
    {
        using var folder = RunFolder.Open(Run, resume: true);
        Assert.False(folder.IsResumed);
    }

    [Fact]
    public void Resuming_WhenConfigurationDiffers_ListsTheKeysAndKeepsTheFile()
    {
        RunFolder.Open(Run, resume: false).Dispose();
        var other = Run with { Seed = 7, Training = new TrainingSpecification { Rounds = 3 }, Lora = new LoraSpecification { TargetModules = ["to_q"] } };
        var error = Assert.Throws<RunStateException>(() => RunFolder.Open(other, resume: true));
        Assert.Contains("2 differing keys:\n  seed: 42 in the run's folder, 7 now\n  lora.target_modules: [", error.Message, StringComparison.Ordinal);
        RunFolder.Open(Run, resume: true).Dispose();
    }

    [Fact]
    public void Resuming_WhenOnlyTheLengthDiffers_TakesTheNewLength()
    {
        RunFolder.Open(Run, resume: false).Dispose();
        var longer = Run with { Training = new TrainingSpecification { Epochs = 99 } };
        using var folder = RunFolder.Open(longer, resume: true);
        Assert.Contains("epochs: 99", File.ReadAllText(folder.ConfigFile), StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_WhenPromptsWereEdited_IsRefusedInOneLine()
    {
        var run = WithPrompts("a cat", "a dog");
        RunFolder.Open(run, resume: false).Dispose();
        Commit(run);
        File.AppendAllText(run.Prompts.Path, "a bird\n");
        var error = Assert.Throws<RunStateException>(() => RunFolder.Open(run, resume: true));
        Assert.Contains("was trained on another list of prompts", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resuming_WhenThePromptsMovedOrAreCutOffAtTheirEnd_GoesOn()
    {
        var run = WithPrompts("a cat", "a dog");
        RunFolder.Open(run, resume: false).Dispose();
        Commit(run);
        var moved = Path.Combine(root, "moved.json");
        File.WriteAllText(moved, """[{ "text": "a cat" }, { "text": "a dog" }, { "text": "a bird" }]""");
        var elsewhere = run with { Prompts = new PromptSpecification { Path = moved, Column = "text", Limit = 2 } };
        RunFolder.Open(elsewhere, resume: true).Dispose();
    }

    [Fact]
    public void Resuming_WhenOwnPairsMoved_GoesOn()
    {
        var run = WithPairs("pairs");
        RunFolder.Open(run, resume: false).Dispose();
        Commit(run);
        RunFolder.Open(WithPairs("moved"), resume: true).Dispose();
    }

    [Fact]
    public void Resuming_WhenAnOwnPairWasExchanged_RefusesThoughTheCaptionsAreTheSame()
    {
        var run = WithPairs("pairs");
        RunFolder.Open(run, resume: false).Dispose();
        Commit(run);
        OwnPairFolder.Spoil(run.Data.Path, pair: 1);
        Assert.Throws<RunStateException>(() => RunFolder.Open(run, resume: true));
    }

    RunSpecification WithPairs(string name) => Run with
    {
        Objective = new ObjectiveSpecification { Kind = "diffusion_dpo" },
        Data = new OwnPairSpecification { Path = OwnPairFolder.Write(Path.Combine(root, name), 3) },
    };

    [Fact]
    public void Resuming_WhenTheManifestIsOfTheFormerRule_GoesByTheStoredConfiguration()
    {
        var run = WithPrompts("a cat");
        RunFolder.Open(run, resume: false).Dispose();
        var folder = RunFolder.PathOf(run);
        Commit(run);
        var manifest = RunManifest.In(folder)! with { Format = 1, Configuration = new string('0', 64), Prompts = null };
        File.WriteAllBytes(Path.Combine(folder, HeldFolder.ManifestFile), manifest.ToBytes());
        RunFolder.Open(run with { Model = run.Model with { Threads = 2 } }, resume: true).Dispose();
        Assert.Equal(7, new RunStore(folder, RunIdentity.Of(run, TrainingPrompts.Of(["a cat"])), 1).Last()!.NextRound);

        var other = run with { Seed = 7 };
        Assert.Throws<RunStateException>(() => RunFolder.Open(other, resume: true));
        Assert.Throws<RunStateException>(() => new RunStore(folder, RunIdentity.Of(other, TrainingPrompts.Of(["a cat"])), 1).Last());
    }

    RunSpecification WithPrompts(params string[] prompts)
    {
        var path = Path.Combine(root, "prompts.txt");
        File.WriteAllText(path, string.Concat(prompts.Select(p => p + "\n")));
        return Run with { Prompts = new PromptSpecification { Path = path } };
    }

    /// <summary>A manifest as a commit leaves it, without what it names.</summary>
    static void Commit(RunSpecification run)
    {
        var identity = RunIdentity.Of(run, TrainingPrompts.Read(run));
        var manifest = new RunManifest
        {
            Configuration = identity.Configuration,
            Prompts = identity.Prompts,
            NextRound = 7,
            Minibatches = 0,
            ConsumedPairs = 0,
            ConsumedDigest = "",
            Checkpoint = "checkpoints/round-000007",
            StateHash = new string('1', 64),
            AdapterHash = new string('2', 64),
        };
        File.WriteAllBytes(Path.Combine(RunFolder.PathOf(run), HeldFolder.ManifestFile), manifest.ToBytes());
    }

    [Fact]
    public void Opening_WhenAnotherHoldsIt_Refuses()
    {
        using var folder = RunFolder.Open(Run, resume: false);
        var error = Assert.Throws<RunStateException>(() => RunFolder.Open(Run, resume: true));
        Assert.Contains("in use by another process", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Opening_WhenAFileHasTheName_Refuses()
    {
        File.WriteAllText(Path.Combine(root, "a"), "");
        Assert.Contains("is a file", Assert.Throws<RunStateException>(() => RunFolder.Open(Run, resume: true)).Message, StringComparison.Ordinal);
    }
}
