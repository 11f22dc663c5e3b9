using System.Diagnostics;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Training;

namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>What the pipeline costs beside the sequential loop: the tiny model on one device, both in turn, a round's time from one end of training to the next.</summary>
static class Overhead
{
    public static async Task<IReadOnlyList<string>> MeasureAsync(RunSpecification run, int repetitions)
    {
        var prompts = PromptFile.Read(run.Prompts);
        var (sequential, pipeline) = (new List<double>(), new List<double>());
        var hashes = new HashSet<string>();
        for (int i = 0; i < repetitions; i++)
        {
            sequential.AddRange(await SequentialAsync(run, hashes).ConfigureAwait(false));
            pipeline.AddRange(await PipelineAsync(run with { Name = $"{run.Name}-{i}" }, prompts, hashes).ConfigureAwait(false));
        }
        if (hashes.Count != 1) throw new InvalidOperationException($"the adapters differ: {string.Join(", ", hashes)}");
        var (a, b) = (Median(sequential), Median(pipeline));
        return
        [
            FormattableString.Invariant($"| sequential loop | {sequential.Count} | {1000 * a:f1} | {1000 * sequential.Min():f1} |"),
            FormattableString.Invariant($"| pipeline, one device | {pipeline.Count} | {1000 * b:f1} | {1000 * pipeline.Min():f1} |"),
            FormattableString.Invariant($"| overhead | | {100 * (b / a - 1):f1} % | {100 * (pipeline.Min() / sequential.Min() - 1):f1} % |"),
        ];
    }

    static async Task<IReadOnlyList<double>> SequentialAsync(RunSpecification run, HashSet<string> hashes)
    {
        var folder = Directory.CreateTempSubdirectory("spo-benchmark").FullName;
        var ends = new Ends();
        await using (var executor = new DeviceExecutor("sequential"))
        {
            var manifest = await executor.RunAsync(() =>
            {
                using var local = new LocalRun(run, folder, ends, TimeProvider.System);
                return local.Execute();
            }, CancellationToken.None).ConfigureAwait(false);
            hashes.Add(manifest.AdapterHash);
        }
        Directory.Delete(folder, recursive: true);
        return ends.Rounds();
    }

    static async Task<IReadOnlyList<double>> PipelineAsync(RunSpecification run, IReadOnlyList<string> prompts, HashSet<string> hashes)
    {
        var compute = new Watched(new TorchComputeFactory(TimeProvider.System));
        await using var cluster = await Cluster.StartAsync(compute, ("sampler,scorer,trainer", 1)).ConfigureAwait(false);
        var (end, _) = await cluster.RunAsync(run, prompts).ConfigureAwait(false);
        hashes.Add(end.Adapter!.Hash);
        return compute.Ends.Rounds();
    }

    static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Notes the ends of training.</summary>
    sealed class Ends : IRunProgress
    {
        readonly List<long> at = [];

        public void Add() => at.Add(Stopwatch.GetTimestamp());

        public void Report(RunEvent runEvent)
        {
            if (runEvent is RoundFinished) Add();
        }

        /// <summary>Seconds of every round but the first two, in which code is compiled.</summary>
        public IReadOnlyList<double> Rounds() => [.. at.Zip(at.Skip(1), (a, b) => Stopwatch.GetElapsedTime(a, b).TotalSeconds).Skip(1)];
    }

    /// <summary>The real compute, its rounds timed.</summary>
    sealed class Watched(IComputeFactory inner) : IComputeFactory
    {
        public Ends Ends { get; } = new();

        public ISamplerCompute CreateSampler(RunSpecification run, string device) => inner.CreateSampler(run, device);

        public IScorerCompute CreateScorer(RunSpecification run, string device) => inner.CreateScorer(run, device);

        public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts) => new Trainer(inner.CreateTrainer(run, device, facts), Ends);

        sealed class Trainer(ITrainerCompute inner, Ends ends) : ITrainerCompute
        {
            public int NextRound => inner.NextRound;

            public ConsumedTotals Totals => inner.Totals;

            public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation)
            {
                var metrics = inner.TrainRound(round, prompts, pools, cancellation);
                ends.Add();
                return metrics;
            }

            public byte[] ExportAdapter() => inner.ExportAdapter();

            public void Commit(long epoch, bool finished) => inner.Commit(epoch, finished);

            public void Dispose() => inner.Dispose();
        }
    }
}
