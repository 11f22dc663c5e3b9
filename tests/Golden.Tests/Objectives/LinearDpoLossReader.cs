using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>Linear-DPO on noised pairs, its weights, and its reference after each step.</summary>
public sealed class LinearDpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("Linear-DPO", StringComparison.Ordinal) && golden.Has("latents_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check, ScalarType.Float64);
        var pairs = new NoisedPairCase(golden, check, replay);
        var objective = new LinearDpoObjective(replay.Required("beta"), replay.Required("eta"));
        using var average = replay.Average("reference", replay.Number("ema_decay") ?? 1);
        var slow = replay.Slow(average);
        pairs.Images(pairs.Inputs(null, slow));

        var first = replay.Train(_ => [objective.Compute(pairs.Inputs(null, slow))], step =>
        {
            average.Update();
            foreach (var (name, value) in average.Values)
                if (golden.Has($"reference_after_step{step}.{name}")) check.Close($"reference_after_step{step}.{name}", value);
        })[0];
        pairs.Errors(first);
        check.Close("weight", first.Details["weight"]);
        check.Close("weight_unclamped", first.Details["weight_unclamped"]);
        check.NoOutputLeftOut();
    }
}
