using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>SPO, MSPO and LPO: log-probabilities, ratios, the loss, its gradients and AdamW steps.</summary>
public sealed class RatioLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Has("loss.step0") && golden.Has("next_win")
        && (golden.Source.StartsWith("RockeyCoss/SPO", StringComparison.Ordinal) || IsLpo(golden));

    static bool IsLpo(GoldenCase golden) => golden.Source.StartsWith("Kwai-Kolors/LPO", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check);
        IObjective objective = IsLpo(golden)
            ? new LpoObjective(replay.Sigmoid(), replay.Required("eps"))
            : new SpoObjective(replay.Sigmoid(), replay.Required("eps"));
        var reference = replay.Load("reference");
        var first = replay.Train(_ => [objective.Compute(new ObjectiveInputs
        {
            Process = replay.Process,
            Win = replay.Transition(golden.Tensor("timesteps"), golden.Tensor("latents_win"), golden.Tensor("next_win"), reference),
            Lose = replay.Transition(golden.Tensor("timesteps"), golden.Tensor("latents_lose"), golden.Tensor("next_lose"), reference),
        })])[0];
        replay.Ratios(first);

        var metrics = first.ReadMetrics();
        Tensor recordedWin = golden.Tensor("ratio.win"), recordedLose = golden.Tensor("ratio.lose");
        check.Close("mean of ratio.win", tensor((float)metrics[ObjectiveMetrics.WinRatio]), recordedWin.mean(), "ratio.win");
        check.Close("mean of ratio.lose", tensor((float)metrics[ObjectiveMetrics.LoseRatio]), recordedLose.mean(), "ratio.lose");
        var clipped = recordedWin.ne(golden.Tensor("ratio_unclamped.win")).sum() + recordedLose.ne(golden.Tensor("ratio_unclamped.lose")).sum();
        // The share is a float32 mean.
        check.Equal("clip share", (float)metrics[ObjectiveMetrics.ClipShare], clipped.item<long>() / (2f * recordedWin.numel()));
        check.NoOutputLeftOut();
    }
}
