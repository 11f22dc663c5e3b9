using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Progress;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The scoring stage.</summary>
sealed class TorchScorer(LatentDecoder decoder, IJudge? judge, ScoringStage stage, MethodPlan plan, IRunProgress progress, TimeProvider time) : IScorerCompute
{
    public ScoredPoolMessage Score(CandidatePoolMessage message)
    {
        var started = time.GetTimestamp();
        using var scope = NewDisposeScope();
        using var pool = message.ToPool(decoder.Device);
        using var scored = stage.Score(pool, message.Prompts());
        var samples = SampleBuilder.Build(pool, scored, plan);
        var done = message.Lease.Id.Item.Index * message.PoolCount + message.Index + 1;
        progress.Report(new StageProgress(RunStage.Score, message.Lease.Id.Item.Round, done, message.PoolCount));
        try
        {
            return new ScoredPoolMessage(
                message.Lease, message.Index, message.PoolCount, scored.Values, SampleBuilder.Possible(pool, plan), [.. samples.Select(s => s.ToPayload())],
                message.SampleSeconds, time.GetElapsedTime(started).TotalSeconds);
        }
        finally
        {
            foreach (var sample in samples) sample.Dispose();
        }
    }

    public void Dispose()
    {
        stage.Dispose();
        judge?.Dispose();
        decoder.Dispose();
    }
}
