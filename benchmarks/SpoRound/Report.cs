using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Specification;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>The result, under the keys of the peer's JSON.</summary>
static class Report
{
    public static JsonSerializerOptions Format { get; } = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static object Of(
        string size, RunSpecification run, int prompts, int threads, int seed, Round round, PeerModels models, double total, TraceComparison? agreement)
    {
        var sampling = run.Sampling;
        var candidates = prompts * sampling.Candidates * (sampling.Steps - sampling.DivertStartStep);
        var losses = round.Minibatches.Select(m => m.Loss).ToArray();
        var mean = round.Scores.Average();
        return new
        {
            Program = "SpoActors",
            Size = size,
            Dtype = run.Model.Dtype == NumberType.BFloat16 ? "bf16" : "fp32",
            Device = "cpu",
            Threads = threads,
            Prompts = prompts,
            K = sampling.Candidates,
            sampling.Steps,
            Divert = sampling.DivertStartStep,
            Batch = run.Training.BatchSize,
            Seed = seed,
            run.Pairs.Threshold,
            Params = models.ParameterCounts(),
            Seconds = round.Seconds.Append(new("other", total - round.Seconds.Values.Sum())).Append(new("total", total))
                .ToDictionary(s => s.Key, s => Math.Round(s.Value, 4)),
            Pairs = round.Pairs.Count,
            Candidates = candidates,
            Minibatches = losses.Length,
            PromptsPerS = prompts / total,
            PairsPerS = round.Pairs.Count / total,
            CandidatesPerS = candidates / total,
            PeakRssMb = PeakMemory(),
            Check = new
            {
                ScoreMean = mean,
                ScoreStd = Math.Sqrt(round.Scores.Sum(s => (s - mean) * (s - mean)) / (round.Scores.Count - 1)),
                LossFirst = losses.FirstOrDefault(),
                LossLast = losses.LastOrDefault(),
            },
            AgainstPeer = agreement,
            Cpu = File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim(),
        };
    }

    /// <summary>The process's largest resident set, MB.</summary>
    static double PeakMemory() => double.Parse(
        File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM", StringComparison.Ordinal)).Split(':')[1].Replace("kB", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture) / 1024;
}
