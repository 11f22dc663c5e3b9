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
        var counter = new Stopper(int.MaxValue, null);
        var whole = Execute(run, "whole", counter)!;
        Assert.True(whole.ConsumedPairs > 0);
        foreach (var stop in new[] { counter.Events / 2, counter.Events / 4 })
        {
            using var cancellation = new CancellationTokenSource();
            Assert.Null(Execute(run, "broken", new Stopper(stop, cancellation), cancellation.Token));
        }
        Assert.Equal(whole, Execute(run, "broken", new Stopper(int.MaxValue, null)));
    }

    [Fact]
    public void Average_WhenOneIsKept_LiesBesideTheLoraAndIsRestored()
    {
        var run = ObjectiveRun.Of("spo-optimizer", folder);
        var manifest = Execute(run, "run", new Stopper(int.MaxValue, null))!;
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
        Execute(run, "run", new Stopper(int.MaxValue, null));
        Assert.Equal(manifest.AverageHash, AtomicFile.Hash(root));
    }

    [Fact]
    public void Run_WhenItsCheckpointIsOfAnEarlierRelease_IsResumed()
    {
        var run = TinyRun.Sd15();
        var whole = Execute(run, "whole", new Stopper(int.MaxValue, null))!;
        var begun = Execute(run with { Training = run.Training with { Rounds = 2 } }, "begun", new Stopper(int.MaxValue, null))!;
        Assert.True(begun.Minibatches % 2 == 1 || whole.Minibatches > 0);
        WithoutCounts(Path.Combine(folder, "begun"), begun);
        Assert.Equal(whole.StateHash, Execute(run, "begun", new Stopper(int.MaxValue, null))!.StateHash);
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

    RunManifest? Execute(RunSpecification run, string name, Stopper stopper, CancellationToken cancellation = default)
    {
        var target = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
        try
        {
            using var local = new LocalRun(run, target, stopper, TimeProvider.System);
            return local.Execute(cancellation: cancellation);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    sealed class Stopper(int after, CancellationTokenSource? cancellation) : IRunProgress
    {
        public int Events { get; private set; }

        public void Report(RunEvent runEvent)
        {
            if (++Events == after) cancellation?.Cancel();
        }
    }
}
