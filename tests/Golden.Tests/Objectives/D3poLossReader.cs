using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>D3PO on pairs of trajectories: which is better, and the loss of every step, accumulated over the timesteps.</summary>
public sealed class D3poLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("yk7333/d3po", StringComparison.Ordinal) && golden.Has("chain_0");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check);
        var objective = new D3poObjective(replay.Sigmoid(), replay.Required("eps"));
        var reference = replay.Load("reference");
        var timesteps = golden.Tensor("timesteps").data<long>().ToArray();
        Tensor chain_0 = golden.Tensor("chain_0"), chain_1 = golden.Tensor("chain_1");
        var preference = Preference(golden.Tensor("rewards"));
        check.Equal("prefer", stack([preference, -preference], 1), golden.Tensor("prefer"));

        var first = replay.Train(_ => [.. timesteps.Select((t, j) => Step(t, j))]);

        // A result knows win and lose, the recording the first and the second trajectory; of a tie the first one is the winner.
        var firstWins = preference.ge(0);
        check.Close("log_prob.0", Of(0, "log_prob_win", "log_prob_lose"));
        check.Close("log_prob.1", Of(1, "log_prob_win", "log_prob_lose"));
        check.Close("log_prob.ref_0", Of(0, "log_prob_win_reference", "log_prob_lose_reference"));
        check.Close("log_prob.ref_1", Of(1, "log_prob_win_reference", "log_prob_lose_reference"));
        check.Close("ratio_unclamped.0", Of(0, "log_ratio_win", "log_ratio_lose").exp());
        check.Close("ratio_unclamped.1", Of(1, "log_ratio_win", "log_ratio_lose").exp());
        check.Close("ratio.0", Of(0, "ratio_win", "ratio_lose"));
        check.Close("ratio.1", Of(1, "ratio_win", "ratio_lose"));
        check.Close("loss_per_sample", stack(first.Select(r => r.LossPerSample).ToArray()));
        check.Close("loss", stack(first.Select(r => r.Loss.detach()).ToArray()));
        check.NoOutputLeftOut();

        Tensor Of(int chain, string win, string lose) =>
            stack(first.Select(r => where(chain == 0 ? firstWins : firstWins.logical_not(), r.Details[win], r.Details[lose])).ToArray());

        ObjectiveResult Step(long t, int j)
        {
            var timesteps_M = full([chain_0.shape[0]], t, ScalarType.Int64);
            return objective.Compute(new ObjectiveInputs
            {
                Process = replay.Process,
                Win = replay.Transition(timesteps_M, Chosen(chain_0, chain_1, j), Chosen(chain_0, chain_1, j + 1), reference),
                Lose = replay.Transition(timesteps_M, Chosen(chain_1, chain_0, j), Chosen(chain_1, chain_0, j + 1), reference),
                Preference_M = preference.abs(),
            });
        }

        Tensor Chosen(Tensor ifFirstWins, Tensor otherwise, int j) =>
            where(preference.ge(0).reshape(-1, 1, 1, 1), ifFirstWins.select(1, j), otherwise.select(1, j));
    }

    /// <summary>1, -1 or 0 for each pair of trajectories.</summary>
    static Tensor Preference(Tensor rewards)
    {
        var perChain = rewards.reshape([rewards.shape[0], 2, -1]);
        var count = (int)perChain.shape[2];
        return tensor(Enumerable.Range(0, (int)rewards.shape[0]).Select(i =>
        {
            var both = perChain[i].contiguous().data<float>().ToArray();
            return (float)TrajectoryPreference.Of(both.AsSpan(0, count), both.AsSpan(count));
        }).ToArray());
    }
}
