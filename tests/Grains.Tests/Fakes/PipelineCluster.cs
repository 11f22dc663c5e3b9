using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;
using Prometheus;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Runs;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>A silo's part in a test cluster.</summary>
public sealed record SiloPart(WorkerRole[] Roles, string[] Devices)
{
    public static SiloPart All { get; } = new([WorkerRole.Sampler, WorkerRole.Scorer, WorkerRole.Trainer], ["cpu:0"]);

    public static SiloPart Of(params WorkerRole[] roles) => new(roles, ["cpu:0"]);

    public static SiloPart Samplers(int count) => new([WorkerRole.Sampler], [.. Enumerable.Range(0, count).Select(i => $"cpu:{i}")]);
}

/// <summary>Silos in this process, each with its part, on shared storage and a shared run folder.</summary>
public sealed class PipelineCluster : IAsyncDisposable
{
    readonly Queue<SiloPart> parts;
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("spo-cluster");

    PipelineCluster(SiloPart[] parts, FakeBehaviour behaviour)
    {
        (this.parts, Behaviour) = (new(parts), behaviour);
        var builder = new InProcessTestClusterBuilder((short)parts.Length);
        builder.ConfigureSilo((options, silo) =>
        {
            var part = this.parts.Dequeue();
            silo.Services.AddGrainStorage(RunGrain.StorageName, (provider, _) => Storage.For(provider.GetRequiredService<Serializer>()));
            silo.AddSpoPipeline(
                new WorkerOptions
                {
                    Silo = options.SiloName,
                    Roles = part.Roles,
                    Devices = part.Devices,
                    RunsFolder = folder.FullName,
                    Heartbeat = TimeSpan.FromMilliseconds(200),
                    RetryAfterProblem = TimeSpan.FromSeconds(1),
                },
                _ => new FakeComputeFactory(Behaviour), Metrics.NewCustomRegistry());
        });
        Inner = builder.Build();
    }

    public InProcessTestCluster Inner { get; }

    public FakeBehaviour Behaviour { get; }

    public SharedStorage Storage { get; } = new();

    public static async Task<PipelineCluster> StartAsync(FakeBehaviour? behaviour, params SiloPart[] parts)
    {
        var cluster = new PipelineCluster(parts, behaviour ?? new FakeBehaviour());
        await cluster.Inner.DeployAsync();
        return cluster;
    }

    /// <summary>Lets another silo join.</summary>
    public async Task<InProcessSiloHandle> JoinAsync(SiloPart part)
    {
        parts.Enqueue(part);
        return await Inner.StartAdditionalSiloAsync();
    }

    public IRunGrain Run(string id) => Inner.Client.GetGrain<IRunGrain>(id);

    public Task<RunSnapshot> StartRunAsync(string id, RunSpecification run, IReadOnlyList<string> prompts) =>
        Run(id).StartAsync(new StartRun(Protocol.Version, SpecificationYaml.Write(run), prompts), CancellationToken.None);

    public Task<RunSnapshot> SnapshotAsync(string id) => Run(id).DescribeAsync(new DescribeRun(Protocol.Version), CancellationToken.None);

    /// <summary>Follows the run's events until a condition holds.</summary>
    public async Task<RunSnapshot> UntilAsync(string id, Func<RunSnapshot, bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            var snapshot = await SnapshotAsync(id);
            if (condition(snapshot)) return snapshot;
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        }
    }

    public Task<RunSnapshot> FinishedAsync(string id, CancellationToken cancellation) =>
        UntilAsync(id, s => s.Status == RunStatus.Finished, cancellation);

    public async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
