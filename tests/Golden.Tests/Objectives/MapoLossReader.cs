using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>MaPO on noised pairs, with noise or v to predict.</summary>
public sealed class MapoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("mapo-t2i/mapo", StringComparison.Ordinal) && golden.Has("probe_loss");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check, ScalarType.Float64);
        var pairs = new NoisedPairCase(golden, check, replay);
        var objective = new MapoObjective(replay.Required("beta"), replay.Required("snr_value"), replay.Required("num_train_timesteps"));
        check.Close("target_win", pairs.Inputs(null).Win.Target_MCHW!);
        check.Close("probe_score", objective.Score(golden.Tensor("probe_loss")));

        var first = replay.Train(_ => [objective.Compute(pairs.Inputs(null))])[0];
        foreach (var (output, detail) in new[]
        {
            ("mse.win", "error_win"), ("mse.lose", "error_lose"), ("score.win", "score_win"), ("score.lose", "score_lose"), ("ratio_loss", "preference"),
        })
            check.Close(output, first.Details[detail]);
        check.Close("loss_per_sample", first.LossPerSample);
        check.NoOutputLeftOut();
    }
}
