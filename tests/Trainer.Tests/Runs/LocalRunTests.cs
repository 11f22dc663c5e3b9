using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tests.Method;

namespace SpoActors.Trainer.Tests.Runs;

public sealed class LocalRunTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("spo-run").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("sd15")]
    [InlineData("sdxl")]
    public void Run_WhenStoppedAnywhereAndResumed_EndsWithTheSameBits(string kind)
    {
        var run = kind == "sd15" ? TinyRun.Sd15() : TinyRun.Sdxl();
        var whole = Execute(run, "whole", stopAfterEvents: int.MaxValue);
        Assert.True(whole.Finished);
        Assert.True(whole.ConsumedPairs > 0);

        // A round is a third of the events: stops before the first commit, and in the middle of the second and third round.
        var events = CountEvents(run);
        RunManifest? finished = null;
        foreach (var stop in new[] { events / 7, events / 2, events * 2 / 5, int.MaxValue })
        {
            Assert.Null(finished);
            finished = TryExecute(run, "broken", stop);
        }
        Assert.Equal(whole.AdapterHash, finished!.AdapterHash);
        Assert.Equal(whole.StateHash, finished.StateHash);
        Assert.Equal(whole.ConsumedDigest, finished.ConsumedDigest);
    }

    [Fact]
    public void Run_WithMergedOrSeparateAdapter_TrainsOnTheSamePairs()
    {
        var run = TinyRun.Sd15();
        var merged = Execute(run with { Lora = run.Lora with { MergeForSampling = true } }, "merged", int.MaxValue);
        var separate = Execute(run with { Lora = run.Lora with { MergeForSampling = false } }, "separate", int.MaxValue);
        Assert.Equal(merged.ConsumedDigest, separate.ConsumedDigest);
    }

    [Fact]
    public void Run_WhenItsConfigurationChanged_IsNotResumed()
    {
        var run = TinyRun.Sd15();
        Execute(run, "changed", int.MaxValue);
        var error = Assert.Throws<RunStateException>(() => Execute(run with { Seed = 43 }, "changed", int.MaxValue));
        Assert.Contains("another configuration", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WhenItsCheckpointIsDamaged_IsRefused()
    {
        var run = TinyRun.Sd15() with { Training = TinyRun.Sd15().Training with { Rounds = 1 } };
        var manifest = Execute(run, "damaged", int.MaxValue);
        var state = Path.Combine(folder, "damaged", manifest.Checkpoint, "trainer.safetensors");
        using (var file = File.OpenWrite(state))
        {
            file.Seek(-1, SeekOrigin.End);
            file.WriteByte(0x5a);
        }
        var longer = run with { Training = run.Training with { Rounds = 2 } };
        Assert.Contains("is damaged", Assert.Throws<RunStateException>(() => Execute(longer, "damaged", int.MaxValue)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_WhenKilledBetweenManifestAndAdapter_HasTheCommitsAdapterAfterResuming(bool stale)
    {
        var (run, target) = (TinyRun.Sd15(), Path.Combine(folder, "killed"));
        var adapter = Path.Combine(target, RunStore.AdapterFile);
        Directory.CreateDirectory(target);
        byte[] before = [];
        // A folder in the file's place makes its replacement, the step after the last manifest, fail.
        var obstacle = new OnCheckpoint(nextRound: 2, () =>
        {
            before = File.ReadAllBytes(adapter);
            File.Delete(adapter);
            Directory.CreateDirectory(adapter);
        });
        using (var local = new LocalRun(run, target, obstacle, TimeProvider.System))
            Assert.ThrowsAny<Exception>(() => local.Execute(cancellation: TestContext.Current.CancellationToken));
        Directory.Delete(adapter);
        if (stale) File.WriteAllBytes(adapter, before);

        var manifest = Execute(run, "killed", int.MaxValue);
        Assert.True(manifest.Finished);
        Assert.Equal(manifest.AdapterHash, AtomicFile.Hash(adapter));
    }

    [Fact]
    public void Run_WhenTheAdapterOfItsCheckpointIsDamagedToo_IsRefused()
    {
        var manifest = Execute(TinyRun.Sd15(), "damaged", int.MaxValue);
        foreach (var place in new[] { "", manifest.Checkpoint }) File.WriteAllText(Path.Combine(folder, "damaged", place, RunStore.AdapterFile), "x");
        Assert.Contains("is damaged", Assert.Throws<RunStateException>(() => Execute(TinyRun.Sd15(), "damaged", int.MaxValue)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_WhenExtended_GoesOnFromWhereItEnded()
    {
        var run = TinyRun.Sd15();
        var whole = Execute(run, "whole", int.MaxValue);
        Execute(run with { Training = run.Training with { Rounds = 2 } }, "extended", int.MaxValue);
        Assert.Equal(whole.StateHash, Execute(run, "extended", int.MaxValue).StateHash);
    }

    [Fact]
    public void Run_WhenAClustersTrainerWasThereBefore_KeepsItsEpoch()
    {
        var run = TinyRun.Sd15();
        Execute(run with { Training = run.Training with { Rounds = 2 } }, "cluster", int.MaxValue);
        var path = Path.Combine(folder, "cluster", HeldFolder.ManifestFile);
        File.WriteAllBytes(path, (RunManifest.Read(path) with { TrainerEpoch = 4, TrainerNonce = new string('a', 32) }).ToBytes());
        var end = Execute(run, "cluster", int.MaxValue);
        Assert.Equal((4, null), (end.TrainerEpoch, end.TrainerNonce));
    }

    [Fact]
    public void Commit_KeepsTheConfiguredNumberOfCheckpoints()
    {
        Execute(TinyRun.Sd15(), "kept", int.MaxValue);
        Assert.Equal(["round-000002", "round-000003"], Directory.GetDirectories(Path.Combine(folder, "kept", "checkpoints")).Select(Path.GetFileName).Order());
    }

    RunManifest Execute(RunSpecification run, string name, int stopAfterEvents) =>
        TryExecute(run, name, stopAfterEvents) ?? throw new InvalidOperationException("the run was stopped");

    RunManifest? TryExecute(RunSpecification run, string name, int stopAfterEvents)
    {
        var target = Path.Combine(folder, name);
        Directory.CreateDirectory(target);
        using var cancellation = new CancellationTokenSource();
        var stopper = new Stopper(stopAfterEvents, cancellation);
        try
        {
            using var local = new LocalRun(run, target, stopper, TimeProvider.System);
            return local.Execute(cancellation: cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    int CountEvents(RunSpecification run)
    {
        Directory.CreateDirectory(Path.Combine(folder, "counted"));
        var counter = new Stopper(int.MaxValue, new CancellationTokenSource());
        using var local = new LocalRun(run, Path.Combine(folder, "counted"), counter, TimeProvider.System);
        local.Execute();
        return counter.Events;
    }

    sealed class OnCheckpoint(int nextRound, Action act) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            if (runEvent is CheckpointWritten written && written.NextRound == nextRound) act();
        }
    }

    sealed class Stopper(int after, CancellationTokenSource cancellation) : IRunProgress
    {
        public int Events { get; private set; }

        public void Report(RunEvent runEvent)
        {
            if (++Events == after) cancellation.Cancel();
        }
    }
}
