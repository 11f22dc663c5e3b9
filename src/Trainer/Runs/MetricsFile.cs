using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>Writes <c>metrics.jsonl</c>. A resumed run replaces the lines of rounds that it does again.</summary>
public sealed class MetricsFile(string path) : IRunProgress
{
    readonly JsonLines<RoundMetrics> lines = new(path);

    public void Report(RunEvent runEvent)
    {
        if (runEvent is RunStarted started) lines.Keep(metrics => metrics.Round < started.FirstRound);
        if (runEvent is RoundFinished { Metrics: var metrics }) lines.Append(metrics);
    }

    /// <summary>The rounds of a file; a line that a crash left unfinished is skipped.</summary>
    public static IReadOnlyList<RoundMetrics> Read(string path) => new JsonLines<RoundMetrics>(path).Read();
}
