using System.Diagnostics;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Telemetry;

/// <summary>Spans of the pipeline; they cost nothing unless somebody listens.</summary>
public static class PipelineDiagnostics
{
    /// <summary>Name that a tracer listens to.</summary>
    public const string SourceName = "SpoActors.Pipeline";

    static readonly ActivitySource Source = new(SourceName);

    public static Activity? Sampling(LeaseId lease) => Start("sample item", lease);

    public static Activity? Scoring(LeaseId lease, int segment) => Start("score pool", lease)?.SetTag("spo.segment", segment);

    public static Activity? Training(string run, int round) =>
        Source.StartActivity("train round")?.SetTag("spo.run", run).SetTag("spo.round", round);

    static Activity? Start(string name, LeaseId lease) =>
        Source.StartActivity(name)?.SetTag("spo.item", lease.Item.ToString()).SetTag("spo.epoch", lease.Epoch);
}
