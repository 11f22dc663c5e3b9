using System.Diagnostics;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;

namespace SpoActors.Grains.Telemetry;

/// <summary>
/// Spans of the pipeline; they cost nothing unless somebody listens. An item's trace begins with its lease, which carries the context
/// through channels and from silo to silo; the training of a round, which has many items, links to all of theirs.
/// </summary>
public static class PipelineDiagnostics
{
    /// <summary>Name that a tracer listens to.</summary>
    public const string SourceName = "SpoActors.Pipeline";

    static readonly ActivitySource Source = new(SourceName);

    /// <summary>The span with which an item's trace begins; its context, for the lease.</summary>
    public static string? Leasing(LeaseId lease)
    {
        // Not a part of the call by which the sampler happened to ask.
        var call = Activity.Current;
        Activity.Current = null;
        string? context;
        using (var span = Tagged(Source.StartActivity("lease item"), lease)) context = span?.Id;
        Activity.Current = call;
        return context;
    }

    public static Activity? Sampling(ItemLease lease) => Start("sample item", lease);

    public static Activity? Scoring(ItemLease lease, int segment) => Start("score pool", lease)?.SetTag("spo.segment", segment);

    public static Activity? Training(string run, int round, IEnumerable<ItemLease> items) =>
        Source.StartActivity("train round", ActivityKind.Internal, default(ActivityContext), tags: null, Links(items))?.SetTag("spo.run", run).SetTag("spo.round", round);

    static IEnumerable<ActivityLink> Links(IEnumerable<ItemLease> items) =>
        items.Select(i => i.TraceParent).Distinct().Select(Parse).Where(c => c != default).Select(c => new ActivityLink(c)).ToArray();

    static Activity? Start(string name, ItemLease lease) => Tagged(Source.StartActivity(name, ActivityKind.Internal, Parse(lease.TraceParent)), lease.Id);

    static ActivityContext Parse(string? traceParent) => ActivityContext.TryParse(traceParent, null, isRemote: true, out var context) ? context : default;

    static Activity? Tagged(Activity? span, LeaseId lease) => span?.SetTag("spo.item", lease.Item.ToString()).SetTag("spo.epoch", lease.Epoch);
}
