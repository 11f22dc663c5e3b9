using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Orleans.TestingHost;
using Prometheus;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Runs;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;

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
    readonly List<SiloPart> parts;
    readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("spo-cluster");

    PipelineCluster(SiloPart[] parts, FakeBehaviour behaviour, Func<string, IComputeFactory> compute)
    {
        (this.parts, Behaviour) = ([.. parts], behaviour);
        var builder = new InProcessTestClusterBuilder((short)parts.Length);
        builder.ConfigureSilo((options, silo) =>
        {
            var part = this.parts[IndexOf(options.SiloName)];
            silo.Services.AddGrainStorage(RunGrain.StorageName, (provider, _) => Storage.For(provider.GetRequiredService<Serializer>()));
            silo.Services.Configure<ClusterMembershipOptions>(membership =>
            {
                membership.ProbeTimeout = TimeSpan.FromSeconds(1);
                membership.NumMissedProbesLimit = 2;
                membership.TableRefreshTimeout = TimeSpan.FromSeconds(2);
                membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(2);
            });
            silo.Services.AddSingleton(new HealthOptions { Rest = TimeSpan.FromMilliseconds(50), Quarantine = TimeSpan.FromMilliseconds(500) });
            silo.AddOutgoingGrainCallFilter(Network.Of(options.SiloName));
            silo.AddSpoPipeline(
                new WorkerOptions
                {
                    Silo = options.SiloName,
                    Devices = [.. part.Devices.Select(device => new DeviceRoles(device, part.Roles))],
                    RunsFolder = folder.FullName,
                    Heartbeat = TimeSpan.FromMilliseconds(200),
                    RetryAfterProblem = TimeSpan.FromSeconds(1),
                },
                _ => compute(options.SiloName), Metrics.NewCustomRegistry());
        });
        builder.ConfigureClient(client => client.AddOutgoingGrainCallFilter(Network.Of(ClientName)));
        Inner = builder.Build();
    }

    /// <summary>What the network calls the client.</summary>
    public const string ClientName = "client";

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    public InProcessTestCluster Inner { get; }

    public FakeBehaviour Behaviour { get; }

    public SharedStorage Storage { get; } = new();

    public FakeNetwork Network { get; } = new();

    public static async Task<PipelineCluster> StartAsync(FakeBehaviour? behaviour, params SiloPart[] parts)
    {
        behaviour ??= new FakeBehaviour();
        var cluster = new PipelineCluster(parts, behaviour, silo => new FakeComputeFactory(behaviour, silo));
        await cluster.Inner.DeployAsync();
        return cluster;
    }

    /// <summary>Everything that has happened in a run.</summary>
    public async Task<IReadOnlyList<string>> EventsAsync(string id) =>
        [.. (await Run(id).ReadEventsAsync(new ReadEvents(Protocol.Version, "", 0), CancellationToken.None)).Events.Select(e => e.Text)];

    /// <summary>The trainer's manifest.</summary>
    public string Manifest(string id) => File.ReadAllText(Path.Combine(FolderOf(id), "manifest.json"));

    /// <summary>A run's folder.</summary>
    public string FolderOf(string id) => Path.Combine(folder.FullName, id);

    /// <summary>A cluster that computes with libtorch.</summary>
    public static async Task<PipelineCluster> StartTorchAsync(params SiloPart[] parts)
    {
        var cluster = new PipelineCluster(parts, new FakeBehaviour(), _ => new TorchComputeFactory(TimeProvider.System));
        await cluster.Inner.DeployAsync();
        return cluster;
    }

    /// <summary>Lets another silo join.</summary>
    public async Task<InProcessSiloHandle> JoinAsync(SiloPart part)
    {
        parts.Add(part);
        return await Inner.StartAdditionalSiloAsync();
    }

    /// <summary>Silos start side by side, so a silo's part goes by its name: Silo_0, Silo_1 ... (the first one may be called Primary).</summary>
    public static int IndexOf(string siloName)
    {
        var digits = siloName.Length - siloName.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9').Length;
        return digits == 0 ? 0 : int.Parse(siloName.AsSpan(siloName.Length - digits), CultureInfo.InvariantCulture);
    }

    /// <summary>The silo that has a part.</summary>
    public InProcessSiloHandle Silo(int part) => Inner.Silos.Single(s => IndexOf(s.Name) == part);

    public IRunGrain Run(string id) => Inner.Client.GetGrain<IRunGrain>(id);

    public Task<RunSnapshot> StartRunAsync(string id, RunSpecification run, IReadOnlyList<string> prompts) => StartRunAsync(id, run, TrainingPrompts.Of(prompts));

    public Task<RunSnapshot> StartRunAsync(string id, RunSpecification run, TrainingPrompts prompts) =>
        Run(id).StartAsync(new StartRun(Protocol.Version, SpecificationYaml.Write(run), PromptsPayload.Pack(prompts.Texts, prompts.Hash)), CancellationToken.None);

    public Task<RunSnapshot> SnapshotAsync(string id) => Run(id).DescribeAsync(new DescribeRun(Protocol.Version), CancellationToken.None);

    /// <summary>Asks for the run's state until a condition holds; what happens meanwhile has a time of its own.</summary>
    public async Task<RunSnapshot> UntilAsync(string id, Func<RunSnapshot, bool> condition, CancellationToken cancellation)
    {
        RunSnapshot? last = null;
        Exception? error = null;
        for (var started = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(started) < Patience;)
        {
            try
            {
                last = await SnapshotAsync(id);
                if (condition(last)) return last;
            }
            catch (Exception e) when (Calls.IsTransient(e))
            {
                // The grain's silo has been killed, and the cluster hasn't noticed yet.
                error = e;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        }
        throw new TimeoutException($"not within {Patience}: {last}, {string.Join(", ", last?.Workers ?? [])}, {error?.Message}");
    }

    public Task<RunSnapshot> FinishedAsync(string id, CancellationToken cancellation) =>
        UntilAsync(id, s => s.Status == RunStatus.Finished, cancellation);

    public async ValueTask DisposeAsync()
    {
        await Inner.DisposeAsync();
        folder.Delete(recursive: true);
    }
}
