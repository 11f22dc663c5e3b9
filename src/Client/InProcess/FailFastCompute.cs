using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;

namespace SpoActors.Client.InProcess;

/// <summary>
/// Keeps the first error of loading and training. A cluster tries again until somebody has mended the cause; in one process it is the
/// answer to the command.
/// </summary>
sealed class FailFastCompute(IComputeFactory inner) : IComputeFactory
{
    readonly TaskCompletionSource failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails when something has failed; never succeeds.</summary>
    public Task Failure => failure.Task;

    public ISamplerCompute CreateSampler(RunSpecification run, string device) => Guard(() => inner.CreateSampler(run, device));

    public IScorerCompute CreateScorer(RunSpecification run, string device) => Guard(() => inner.CreateScorer(run, device));

    public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts) =>
        new GuardedTrainer(this, Guard(() => inner.CreateTrainer(run, device, facts)));

    public long LastEpoch(RunSpecification run, string folder) => Guard(() => inner.LastEpoch(run, folder));

    T Guard<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            failure.TrySetException(e);
            throw;
        }
    }

    sealed class GuardedTrainer(FailFastCompute owner, ITrainerCompute inner) : ITrainerCompute
    {
        public int NextRound => inner.NextRound;

        public ConsumedTotals Totals => inner.Totals;

        public string? LastMetrics => inner.LastMetrics;

        public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation) =>
            owner.Guard(() => inner.TrainRound(round, prompts, pools, cancellation));

        public byte[] ExportAdapter() => owner.Guard(inner.ExportAdapter);

        public void Commit(long epoch, bool finished) => owner.Guard(() =>
        {
            inner.Commit(epoch, finished);
            return true;
        });

        public void Dispose() => inner.Dispose();
    }
}
