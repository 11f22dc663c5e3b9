using System.Diagnostics;
using SpoActors.Grains.Compute;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>
/// What the pipeline costs beside the sequential loop: the tiny model on one device, both in turn, in the order A B B A so that a machine
/// that slows down slows both. A round's time is from one end of training to the next; what remains of it when the stages' own seconds are
/// taken off is dispatch, adapters, channels, leases and commits; what the pipeline slows down inside a stage is only in whole rounds.
/// </summary>
static class Overhead
{
    public static async Task<IReadOnlyList<string>> MeasureAsync(RunSpecification run, int repetitions)
    {
        var prompts = PromptFile.Read(run.Prompts);
        var (sequential, pipeline) = (new List<Round>(), new List<Round>());
        var hashes = new HashSet<string>();
        for (int i = 0; i < repetitions; i++)
        {
            var piped = run with { Name = $"{run.Name}-{i}" };
            if (i % 2 == 0) sequential.AddRange(await SequentialAsync(run, hashes).ConfigureAwait(false));
            pipeline.AddRange(await PipelineAsync(piped, prompts, hashes).ConfigureAwait(false));
            if (i % 2 == 1) sequential.AddRange(await SequentialAsync(run, hashes).ConfigureAwait(false));
        }
        if (hashes.Count != 1) throw new InvalidOperationException($"the adapters differ: {string.Join(", ", hashes)}");
        var (a, b) = (Median(sequential, r => r.Seconds), Median(pipeline, r => r.Seconds));
        var (restA, restB) = (Median(sequential, r => r.Rest), Median(pipeline, r => r.Rest));
        return
        [
            Line("sequential loop", sequential), Line("pipeline, one device", pipeline),
            FormattableString.Invariant(
                $"| overhead | | {100 * (b / a - 1):f1} % | {100 * (pipeline.Min(r => r.Seconds) / sequential.Min(r => r.Seconds) - 1):f1} % | {100 * (restB - restA) / a:f1} % |"),
        ];
    }

    static async Task<IReadOnlyList<Round>> SequentialAsync(RunSpecification run, HashSet<string> hashes)
    {
        var folder = Directory.CreateTempSubdirectory("spo-benchmark").FullName;
        var rounds = new Rounds();
        await using (var executor = new DeviceExecutor("sequential"))
        {
            var manifest = await executor.RunAsync(() =>
            {
                using var local = new LocalRun(run, folder, rounds, TimeProvider.System);
                return local.Execute();
            }, CancellationToken.None).ConfigureAwait(false);
            hashes.Add(manifest.AdapterHash);
        }
        Directory.Delete(folder, recursive: true);
        return rounds.Warm();
    }

    static async Task<IReadOnlyList<Round>> PipelineAsync(RunSpecification run, IReadOnlyList<string> prompts, HashSet<string> hashes)
    {
        var rounds = new Rounds();
        await using var cluster = await Cluster.StartAsync(new TorchComputeFactory(TimeProvider.System, rounds), ("sampler,scorer,trainer", 1)).ConfigureAwait(false);
        var (end, _) = await cluster.RunAsync(run, prompts).ConfigureAwait(false);
        hashes.Add(end.Adapter!.Hash);
        return rounds.Warm();
    }

    static string Line(string name, List<Round> rounds) => FormattableString.Invariant(
        $"| {name} | {rounds.Count} | {1000 * Median(rounds, r => r.Seconds):f1} | {1000 * rounds.Min(r => r.Seconds):f1} | {1000 * Median(rounds, r => r.Rest):f1} |");

    static double Median(List<Round> rounds, Func<Round, double> value) => rounds.Select(value).Order().ElementAt(rounds.Count / 2);

    /// <param name="Seconds">From the end of training of the round before to the end of its own.</param>
    /// <param name="Rest">Without the seconds of its stages.</param>
    sealed record Round(double Seconds, double Rest);

    /// <summary>Times rounds by their ends.</summary>
    sealed class Rounds : IRunProgress
    {
        readonly List<(long At, RoundMetrics Metrics)> ends = [];

        public void Report(RunEvent runEvent)
        {
            if (runEvent is RoundFinished finished) ends.Add((Stopwatch.GetTimestamp(), finished.Metrics));
        }

        /// <summary>Every round but the first two, in which code is compiled.</summary>
        public IReadOnlyList<Round> Warm() => [.. ends.Zip(ends.Skip(1), (before, end) => Between(before.At, end.At, end.Metrics)).Skip(1)];

        static Round Between(long before, long end, RoundMetrics metrics)
        {
            var seconds = Stopwatch.GetElapsedTime(before, end).TotalSeconds;
            return new Round(seconds, seconds - metrics.SampleSeconds - metrics.ScoreSeconds - metrics.TrainSeconds);
        }
    }
}
