using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Tests.Method;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>Whatever is minimised and wherever samples come from: at staleness 0 the pipeline leaves what the sequential loop leaves.</summary>
public sealed class ObjectiveParityTests(ObjectiveParityTests.Silos silos) : IClassFixture<ObjectiveParityTests.Silos>, IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("spo-objective").FullName;

    public static TheoryData<string> Names => [.. ObjectiveRun.Names];

    static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory, MemberData(nameof(Names))]
    public async Task Pipeline_AtStalenessZero_LeavesTheSequentialLoopsCommit(string name)
    {
        var run = ObjectiveRun.Of(name, folder);
        var (expected, steps) = Sequential(run);
        Assert.InRange(steps, 15, 60);

        await silos.Cluster.StartRunAsync(name, run, TrainingPrompts.Read(run));
        await silos.Cluster.FinishedAsync(name, Token);
        var manifest = Path.Combine(folder, "manifest.json");
        await File.WriteAllTextAsync(manifest, silos.Cluster.Manifest(name), Token);
        Assert.Equal(expected, RunManifest.Read(manifest) with { TrainerEpoch = 0, TrainerNonce = null });
    }

    (RunManifest Manifest, int Steps) Sequential(RunSpecification run)
    {
        var steps = new Steps();
        var target = Directory.CreateDirectory(Path.Combine(folder, "sequential")).FullName;
        using var local = new LocalRun(run, target, steps, TimeProvider.System);
        return (local.Execute(cancellation: Token), steps.Count / Math.Max(1, run.Training.GradientAccumulation));
    }

    /// <summary>One cluster for all: a worker goes from run to run.</summary>
    public sealed class Silos : IAsyncLifetime
    {
        public PipelineCluster Cluster { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Cluster = await PipelineCluster.StartTorchAsync(SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(2));

        public ValueTask DisposeAsync() => Cluster.DisposeAsync();
    }

    sealed class Steps : IRunProgress
    {
        public int Count { get; private set; }

        public void Report(RunEvent runEvent)
        {
            if (runEvent is MinibatchFinished) Count++;
        }
    }
}
