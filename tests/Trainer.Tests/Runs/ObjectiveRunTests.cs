using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tests.Method;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Runs;

/// <summary>Whatever is minimised and wherever samples come from, a run can be stopped and gone on with, and leaves what it says.</summary>
public sealed class ObjectiveRunTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("spo-objective").FullName;

    public static TheoryData<string> Names => [.. ObjectiveRun.Names];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory, MemberData(nameof(Names))]
    public void Run_WhenStoppedInTheMiddleAndResumed_EndsWithTheSameBits(string name)
    {
        var run = ObjectiveRun.Of(name, folder);
        using var counter = new Stopper();
        var whole = Execute(run, "whole", counter)!;
        Assert.True(whole.ConsumedPairs > 0);
        foreach (var stop in new[] { counter.Events / 2, counter.Events / 4 })
        {
            using var stopper = new Stopper(stop);
            Assert.Null(Execute(run, "broken", stopper));
        }
        Assert.Equal(whole, Execute(run, "broken"));
    }

    [Fact]
    public void Average_WhenOneIsKept_LiesBesideTheLoraAndIsRestored()
    {
        var run = ObjectiveRun.Of("spo-optimizer", folder);
        var manifest = Execute(run, "run")!;
        var (root, kept) = (Path.Combine(folder, "run", RunStore.AverageFile), Path.Combine(folder, "run", manifest.Checkpoint, RunStore.AverageFile));
        Assert.Equal(manifest.AverageHash, AtomicFile.Hash(root));
        Assert.Equal(manifest.AverageHash, AtomicFile.Hash(kept));
        Assert.NotEqual(manifest.AdapterHash, manifest.AverageHash);
        using (var scope = NewDisposeScope())
        {
            using var lora = SafetensorsFile.Open(root);
            using var state = SafetensorsFile.Open(Path.Combine(folder, "run", manifest.Checkpoint, RunStore.StateFile));
            const string prefix = "ema.average.", suffix = ".lora_B.weight";
            var name = state.Tensors.Keys.First(k => k.StartsWith(prefix, StringComparison.Ordinal) && k.EndsWith(suffix, StringComparison.Ordinal));
            // alpha / rank is folded in, as in the LoRA itself.
            Assert.True(lora.Load($"unet.{name[prefix.Length..^suffix.Length]}.lora.up.weight").eq(state.Load(name) * 0.75).all().item<bool>());
        }
        File.Delete(root);
        Execute(run, "run");
        Assert.Equal(manifest.AverageHash, AtomicFile.Hash(root));
    }

    [Fact]
    public void Run_WhenItsCheckpointIsOfAnEarlierRelease_IsResumed()
    {
        var run = TinyRun.Sd15();
        var whole = Execute(run, "whole")!;
        var begun = Execute(run with { Training = run.Training with { Rounds = 2 } }, "begun")!;
        // Stopped between two optimizer steps, so that what is missing matters.
        Assert.Equal(1, begun.Minibatches % run.Training.GradientAccumulation);
        WithoutCounts(Path.Combine(folder, "begun"), begun);
        Assert.Equal(whole.StateHash, Execute(run, "begun")!.StateHash);
    }

    /// <summary>Makes the checkpoint one that was written before the optimizer counted.</summary>
    static void WithoutCounts(string run, RunManifest manifest)
    {
        var path = Path.Combine(run, manifest.Checkpoint, RunStore.StateFile);
        using var scope = NewDisposeScope();
        byte[] older;
        using (var file = SafetensorsFile.Open(path))
        using (var buffer = new MemoryStream())
        {
            var tensors = file.Tensors.Keys.Where(k => k != "optimizer.counts").ToDictionary(k => k, k => file.Load(k).clone());
            Assert.Equal(file.Tensors.Count - 1, tensors.Count);
            SafetensorsWriter.Write(buffer, tensors, file.Metadata);
            older = buffer.ToArray();
        }
        AtomicFile.Write(path, older);
        AtomicFile.Write(Path.Combine(run, HeldFolder.ManifestFile), (manifest with { StateHash = AtomicFile.Hash(path) }).ToBytes());
    }

    RunManifest? Execute(RunSpecification run, string name, Stopper? stopper = null)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        try
        {
            using var local = new LocalRun(run, target, stopper ?? RunProgress.None, TimeProvider.System);
            return local.Execute(cancellation: stopper?.Token ?? TestContext.Current.CancellationToken);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Counts what is reported, and stops the run there.</summary>
    sealed class Stopper(int after = int.MaxValue) : IRunProgress, IDisposable
    {
        readonly CancellationTokenSource cancellation = new();

        public int Events { get; private set; }

        public CancellationToken Token => cancellation.Token;

        public void Report(RunEvent runEvent)
        {
            if (++Events == after) cancellation.Cancel();
        }

        public void Dispose() => cancellation.Dispose();
    }
}
