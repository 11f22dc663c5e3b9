using SpoActors.Client.Clusters;
using SpoActors.Client.Commands;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Client.Tests.Clusters;

/// <summary>Calls <c>spo</c> against silos of this process, which compute nothing unless they are to.</summary>
sealed class TestCluster : IClusterConnector, IAsyncDisposable
{
    readonly PipelineCluster silos;

    TestCluster(PipelineCluster silos) => this.silos = silos;

    public PipelineCluster Silos => silos;

    public static async Task<TestCluster> StartAsync(params SiloPart[] parts) => new(await PipelineCluster.StartAsync(null, parts));

    /// <summary>Silos that compute with libtorch.</summary>
    public static async Task<TestCluster> StartTorchAsync(params SiloPart[] parts) => new(await PipelineCluster.StartTorchAsync(parts));

    public async Task<(ExitCode Code, RecordingOutput Output)> SpoAsync(params string[] args)
    {
        var output = new RecordingOutput();
        var code = await SpoCommandLine.InvokeAsync(args, output, TimeProvider.System, this, TestContext.Current.CancellationToken);
        return ((ExitCode)code, output);
    }

    /// <summary>Starts a run of a few small rounds.</summary>
    public Task<(ExitCode Code, RecordingOutput Output)> StartRunAsync(string name, params string[] more) => SpoAsync(
    [
        "start", Repository.PathOf("config/tiny.yaml"), "--name", name, "--set", "training.rounds=3", "--set", "training.prompts_per_round=4",
        "--set", "sampling.batch_size=2", "--set", "prompts.limit=12", "--set", "pipeline.lease_seconds=2", .. more,
    ]);

    public Task<IClusterConnection> ConnectAsync(string settings, CancellationToken cancellation) =>
        Task.FromResult<IClusterConnection>(new Connection(silos.Inner.Client));

    public ValueTask DisposeAsync() => silos.DisposeAsync();

    sealed class Connection(IGrainFactory grains) : IClusterConnection
    {
        public IGrainFactory Grains => grains;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
