using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Workers;
using SpoActors.Specification;

namespace SpoActors.Client.InProcess;

/// <summary>
/// Keeps the first error of loading and training, and of sampling and scoring where trying again is no help. A cluster waits until somebody
/// has mended the cause; in one process it is the answer to the command.
/// </summary>
sealed class FailFastCompute(IComputeFactory inner) : IComputeFactory
{
    readonly TaskCompletionSource failure = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Fails when something has failed; never succeeds.</summary>
    public Task Failure => failure.Task;

    public ISamplerCompute CreateSampler(RunSpecification run, string device, string promptsHash) =>
        new GuardedSampler(this, Guard(() => inner.CreateSampler(run, device, promptsHash)));

    public IScorerCompute CreateScorer(RunSpecification run, string device) => new GuardedScorer(this, Guard(() => inner.CreateScorer(run, device)));

    public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts) =>
        new GuardedTrainer(this, Guard(() => inner.CreateTrainer(run, device, facts)));

    public FolderCommit? LastCommit(RunSpecification run, string folder) => Guard(() => inner.LastCommit(run, folder));

    T Guard<T>(Func<T> work) => Guard(work, e => e is not OperationCanceledException);

    T Guard<T>(Func<T> work, Func<Exception, bool> isFinal)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (isFinal(e))
        {
            failure.TrySetException(e);
            throw;
        }
    }

    sealed class GuardedSampler(FailFastCompute owner, ISamplerCompute inner) : ISamplerCompute
    {
        public ItemSize LargestItem => inner.LargestItem;

        public void UseAdapter(byte[] adapter) => inner.UseAdapter(adapter);

        public void Sample(ItemLease lease, Action<CandidatePoolMessage> deliver, CancellationToken cancellation) => owner.Guard(() =>
        {
            inner.Sample(lease, deliver, cancellation);
            return true;
        }, WorkerSession.IsOfTheRun);

        public void Dispose() => inner.Dispose();
    }

    sealed class GuardedScorer(FailFastCompute owner, IScorerCompute inner) : IScorerCompute
    {
        public ScoredPoolMessage Score(CandidatePoolMessage pool) => owner.Guard(() => inner.Score(pool), WorkerSession.IsOfTheRun);

        public void Dispose() => inner.Dispose();
    }

    sealed class GuardedTrainer(FailFastCompute owner, ITrainerCompute inner) : ITrainerCompute
    {
        public int NextRound => inner.NextRound;

        public ConsumedTotals Totals => inner.Totals;

        public string? LastMetrics => inner.LastMetrics;

        public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation) =>
            owner.Guard(() => inner.TrainRound(round, prompts, pools, cancellation));

        public byte[] ExportAdapter() => owner.Guard(inner.ExportAdapter);

        public void Commit(TrainerEpoch epoch, bool finished) => owner.Guard(() =>
        {
            inner.Commit(epoch, finished);
            return true;
        });

        public void Dispose() => inner.Dispose();
    }
}
