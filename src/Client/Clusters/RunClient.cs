using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Clusters;

/// <summary>A run of a cluster, and the place in its events up to which they have been read.</summary>
sealed class RunClient(IGrainFactory grains, ClusterCalls calls, string id)
{
    readonly IRunGrain grain = grains.GetGrain<IRunGrain>(id);
    string stream = "";
    long last;

    public Task<RunSnapshot> StartAsync(string specification, PromptsPayload prompts, CancellationToken cancellation) =>
        calls.CallAsync(token => grain.StartAsync(new StartRun(Protocol.Version, specification, prompts), token), cancellation);

    public Task<RunSnapshot> DescribeAsync(CancellationToken cancellation) =>
        calls.CallAsync(token => grain.DescribeAsync(new DescribeRun(Protocol.Version), token), cancellation);

    public Task<RunSnapshot> ControlAsync(RunAction action, bool allowRegression, CancellationToken cancellation) =>
        calls.CallAsync(token => grain.ControlAsync(new ControlRun(Protocol.Version, action, allowRegression), token), cancellation);

    /// <summary>The next events: none twice, none left out that the run still has, however often the connection was lost between calls.</summary>
    public async Task<EventsRead> ReadAsync(CancellationToken cancellation)
    {
        var read = await calls.CallAsync(token => grain.ReadEventsAsync(new ReadEvents(Protocol.Version, stream, last, Wait: false), token), cancellation);
        if (read.Stream != stream) (stream, last) = (read.Stream, 0);
        if (read.Events.Count > 0) last = read.Events[^1].Sequence;
        return read;
    }
}
