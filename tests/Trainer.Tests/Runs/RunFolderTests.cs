using SpoActors.Specification;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;

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
