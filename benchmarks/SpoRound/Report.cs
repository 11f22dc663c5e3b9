using SpoActors.Specification;
using SpoActors.Trainer.Devices;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>The result of rounds, under the keys of the peer's JSON: seconds are medians. What the peer calls encode is part of sample and train here.</summary>
static class Report
{
    public static string Processor => File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("model name", StringComparison.Ordinal)).Split(':')[1].Trim();

    public static object Of(string size, RunSpecification run, int threads, int seed, IReadOnlyList<Round> rounds, PeerModels models, TraceComparison? agreement)
    {
        var sampling = run.Sampling;
        var (last, prompts) = (rounds[^1], models.Prompts.Count);
        var candidates = prompts * sampling.Candidates * (sampling.Steps - sampling.DivertStartStep);
        var losses = last.Minibatches.Select(m => m.Loss).ToArray();
        var mean = last.Scores.Average();
        var total = Spread.Of(rounds.Select(r => r.Total));
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
            Rounds = rounds.Count,
            run.Pairs.Threshold,
            Params = models.ParameterCounts(),
            Seconds = last.Seconds.Keys.Select(stage => (stage, Spread.Of(rounds.Select(r => r.Seconds[stage])).Median))
                .Append(("total", total.Median)).ToDictionary(s => s.Item1, s => Math.Round(s.Item2, 4)),
            Total = total,
            ProcessorSeconds = Spread.Of(rounds.Select(r => r.ProcessorSeconds)),
            Pairs = last.Pairs.Count,
            Candidates = candidates,
            Minibatches = losses.Length,
            PromptsPerS = prompts / total.Median,
            PairsPerS = last.Pairs.Count / total.Median,
            CandidatesPerS = candidates / total.Median,
            PeakRssMb = HostMemory.Peak() / 1048576.0,
            Check = new
            {
                ScoreMean = mean,
                ScoreStd = Math.Sqrt(last.Scores.Sum(s => (s - mean) * (s - mean)) / (last.Scores.Count - 1)),
                LossFirst = losses.FirstOrDefault(),
                LossLast = losses.LastOrDefault(),
            },
            AgainstPeer = agreement,
            Cpu = Processor,
        };
    }
}
