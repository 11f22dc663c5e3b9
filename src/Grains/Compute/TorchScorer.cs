using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The scoring stage.</summary>
sealed class TorchScorer(LatentDecoder decoder, IJudge judge, ScoringStage stage, IRunProgress progress, TimeProvider time) : IScorerCompute
{
    public ScoredPoolMessage Score(CandidatePoolMessage message)
    {
        var started = time.GetTimestamp();
        using var scope = NewDisposeScope();
        using var pool = ToPool(message);
        using var scored = stage.Score(pool, message.Lease.Prompts);
        var pairs = PairBuilder.Build(pool, scored.Selection);
        var done = message.Lease.Id.Item.Index * message.PoolCount + message.Segment + 1;
        progress.Report(new StageProgress(RunStage.Score, message.Lease.Id.Item.Round, done, message.PoolCount));
        try
        {
            return new ScoredPoolMessage(
                message.Lease, message.Segment, message.PoolCount, scored.Scores.data<float>().ToArray(), pool.Transitions.Count * pool.Item.Count,
                [.. pairs.Select(p => ToPayload(message.Lease.Id.Item, p))], message.SampleSeconds, time.GetElapsedTime(started).TotalSeconds);
        }
        finally
        {
            foreach (var pair in pairs) pair.Dispose();
        }
    }

    public void Dispose()
    {
        judge.Dispose();
        decoder.Dispose();
    }

    CandidatePool ToPool(CandidatePoolMessage message) => new()
    {
        Item = new ItemDraw(message.Lease.Id.Item.Round, message.Lease.Id.Item.Index, message.Lease.PromptIndices),
        SegmentIndex = message.Segment,
        Clean = message.Clean.ToTensor(judge.Device),
        ScoreTimestep = message.ScoreTimestep,
        Transitions = [.. message.Transitions.Select(t => new Transition(t.Step, t.Timestep, t.Current.ToTensor(CPU), t.Next.ToTensor(CPU)))],
    };

    static PairPayload ToPayload(ItemId item, PreferencePair pair) => new(
        new Interfaces.Identity.PairId(item, pair.Id.Step, pair.Id.PromptIndex), pair.Timestep, pair.Candidates.Win, pair.Candidates.Lose,
        pair.CurrentWin.ToPayload(), pair.SharesCurrent ? null : pair.CurrentLose.ToPayload(), pair.NextWin.ToPayload(), pair.NextLose.ToPayload());
}
