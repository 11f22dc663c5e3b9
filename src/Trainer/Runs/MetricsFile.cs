using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Training;

namespace SpoActors.Trainer.Runs;

/// <summary>Writes <c>metrics.jsonl</c>. A resumed run replaces the lines of rounds that it does again.</summary>
public sealed class MetricsFile(string path) : IRunProgress
{
    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        // A diverged loss must not end the run by being unwritable.
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public void Report(RunEvent runEvent)
    {
        if (runEvent is RunStarted started) KeepBefore(started.FirstRound);
        if (runEvent is RoundFinished { Metrics: var metrics }) File.AppendAllText(path, JsonSerializer.Serialize(metrics, Options) + "\n");
    }

    /// <summary>The rounds of a file; a line that a crash left unfinished is skipped.</summary>
    public static IReadOnlyList<RoundMetrics> Read(string path) =>
        [.. File.ReadLines(path).Select(Parse).OfType<RoundMetrics>()];

    void KeepBefore(int firstRound)
    {
        var kept = File.Exists(path) ? File.ReadLines(path).Where(line => Parse(line) is { } metrics && metrics.Round < firstRound) : [];
        AtomicFile.Write(path, System.Text.Encoding.UTF8.GetBytes(string.Concat(kept.Select(line => line + "\n"))));
    }

    static RoundMetrics? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<RoundMetrics>(line, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
