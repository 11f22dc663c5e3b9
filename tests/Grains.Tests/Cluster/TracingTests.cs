using System.Collections.Concurrent;
using System.Diagnostics;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>An item is one trace from its lease to the scores, across silos and channels; the training of its round links to it.</summary>
public sealed class TracingTests
{
    [Fact]
    public async Task Run_WhenSomebodyListens_HasATraceForEveryItemThatTrainingLinksTo()
    {
        var run = FakeRuns.Specification(staleness: 1, rounds: 3);
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == PipelineDiagnostics.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        const string Name = "traced";
        await using (var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Trainer), SiloPart.Of(WorkerRole.Scorer), SiloPart.Samplers(2)))
        {
            await cluster.StartRunAsync(Name, run, FakeRuns.Prompts());
            await cluster.FinishedAsync(Name, TestContext.Current.CancellationToken);
        }

        // Other tests' clusters are in this process, too.
        var items = spans.Where(s => (s.GetTagItem("spo.item") as string)?.StartsWith(Name + "/", StringComparison.Ordinal) == true).ToLookup(s => s.OperationName);
        Assert.Equal(9, items["lease item"].Count());
        Assert.All(items["lease item"], lease =>
        {
            Assert.Null(lease.ParentId);
            Assert.Single(items["sample item"], s => s.TraceId == lease.TraceId);
            Assert.Equal(FakeSampler.Pools, items["score pool"].Count(s => s.TraceId == lease.TraceId));
        });
        var linked = spans.Where(s => s.OperationName == "train round" && s.GetTagItem("spo.run") as string == Name).SelectMany(s => s.Links).Select(l => l.Context.TraceId);
        Assert.Equal(items["lease item"].Select(s => s.TraceId.ToString()).Order(), linked.Select(t => t.ToString()).Order());
    }
}
