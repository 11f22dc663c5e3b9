using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>How far this round is from the peer's, which drew the same numbers.</summary>
/// <param name="PairsEqual">Timesteps and shuffle are equal, and so is which candidates won and lost.</param>
/// <param name="ScoreDifference">Largest difference of a score.</param>
/// <param name="LatentDifference">Largest difference of a pair's latents.</param>
/// <param name="LossDifference">Largest difference of a minibatch's loss.</param>
sealed record TraceComparison(bool PairsEqual, double ScoreDifference, double LatentDifference, double LossDifference)
{
    /// <summary>
    /// Another choice of candidate moves latents by about sigma, hundredths or more; rounding in float32 moves them by less than 1e-3
    /// over the whole trajectory.
    /// </summary>
    const double SameCandidate = 1e-2;

    public bool Agrees => PairsEqual && LossDifference < 1e-3;

    public static TraceComparison Of(Round round, string path)
    {
        using var scope = NewDisposeScope();
        using var trace = SafetensorsFile.Open(path);
        // The peer records its pairs before the shuffle, win and lose stacked.
        var latents = Difference(stack([.. round.Pairs.Select(p => p.Win.Current)]), trace.Load("latents"));
        var next = Difference(stack([.. round.Pairs.Select(p => stack([p.Win.Next!, p.Lose!.Next!]))]), trace.Load("next_latents"));
        var timesteps = trace.Load("timesteps").flatten().data<long>().ToArray();
        var order = trace.Load("order").data<long>().ToArray();
        return new TraceComparison(
            round.Pairs.Select(p => (long)p.Timestep).SequenceEqual(timesteps) && round.Order.SequenceEqual(order) && Math.Max(latents, next) < SameCandidate,
            Difference(tensor(round.Scores.ToArray()), trace.Load("scores").flatten()),
            Math.Max(latents, next),
            Difference(tensor(round.Minibatches.Select(m => (float)m.Loss).ToArray()), trace.Load("losses").flatten()));
    }

    static double Difference(Tensor actual, Tensor expected) =>
        actual.shape.SequenceEqual(expected.shape) ? (actual - expected).abs().max().item<float>() : double.PositiveInfinity;
}
