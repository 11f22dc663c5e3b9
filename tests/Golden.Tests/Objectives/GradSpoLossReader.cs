using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>GradSPO: the pair's noises, the slow copy and its targets, the loss, and the slow copy after each step.</summary>
public sealed class GradSpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("JoshuaTTJ/GradSPO", StringComparison.Ordinal) && golden.Has("loss.step0");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check);
        var objective = new GradSpoObjective(replay.Sigmoid(), replay.Required("eps"), replay.Required("grad_scale"));
        var reference = replay.Load("reference");
        using var average = replay.Average("ema", replay.Required("ema_decay"));
        var slow = replay.Slow(average);

        var selection = PairSelection.BestAndWorst(golden.Tensor("scores"), threshold: -1);
        check.Equal("best", tensor(selection.Win), golden.Tensor("best"));
        check.Equal("worst", tensor(selection.Lose), golden.Tensor("worst"));
        var (winNoise, loseNoise) = (Chosen(selection.Win), Chosen(selection.Lose));
        var direction = GradSpoObjective.Direction(winNoise, loseNoise);
        check.Close("noise.win", direction);
        check.Close("noise.lose", -direction);
        check.Close("eps_ema", Pair().Win.Slow_MCHW!);

        replay.Ratios(replay.Train(
            _ => [objective.Compute(Pair())],
            step =>
            {
                average.Update();
                foreach (var (name, value) in average.Values) check.Close($"ema_after_step{step}.{name}", value);
            })[0]);
        check.NoOutputLeftOut();

        Tensor Chosen(long[] candidates) => stack(candidates.Select((k, b) => golden.Tensor("candidate_noise")[k, b]).ToArray());

        // Win and lose share x_t, so one forward pass of each model serves both.
        ObjectiveInputs Pair()
        {
            var (x, t) = (golden.Tensor("latents"), golden.Tensor("timesteps"));
            var win = replay.Transition(t, x, next: null, reference) with
            {
                Noise_MCHW = winNoise,
                Slow_MCHW = slow.Predict(x, t, golden.Tensor("prompt"), golden.Tensor("negative_prompt")).detach(),
            };
            return new ObjectiveInputs { Process = replay.Process, Win = win, Lose = win with { Noise_MCHW = loseNoise } };
        }
    }
}
