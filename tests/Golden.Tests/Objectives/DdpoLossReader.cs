using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>DDPO's clipped loss over the steps of trajectories, accumulated over the timesteps.</summary>
public sealed class DdpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("kvablack/ddpo-pytorch", StringComparison.Ordinal) && golden.Has("chain");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check);
        var objective = new DdpoObjective(replay.Required("clip_range"), replay.Required("adv_clip_max"));
        Tensor chain = golden.Tensor("chain"), sampled = golden.Tensor("log_probs"), advantages = golden.Tensor("advantages");
        var timesteps = golden.Tensor("timesteps").data<long>().ToArray();

        var first = replay.Train(_ => [.. timesteps.Select((t, j) => objective.Compute(new ObjectiveInputs
        {
            Process = replay.Process,
            Win = replay.Transition(full([chain.shape[0]], t, ScalarType.Int64), chain.select(1, j), chain.select(1, j + 1), reference: null),
            Advantage_M = advantages,
            SampledLogProb_M = sampled.select(1, j),
        }))]);

        foreach (var (output, detail) in new[]
        {
            ("log_prob", "log_prob"), ("ratio", "ratio"), ("ratio_clamped", "ratio_clamped"), ("advantages_clamped", "advantage"),
            ("loss_unclipped", "loss_unclipped"), ("loss_clipped", "loss_clipped"),
        })
            check.Close(output, stack(first.Select(r => r.Details[detail]).ToArray()));
        check.Close("loss_per_sample", stack(first.Select(r => r.LossPerSample).ToArray()));
        check.Close("loss", stack(first.Select(r => r.Loss.detach()).ToArray()));
        check.Close("approx_kl", tensor(first.Select(r => (float)r.ReadMetrics()["kl_sampled"]).ToArray()));
        check.Close("clipfrac", tensor(first.Select(r => (float)r.ReadMetrics()[ObjectiveMetrics.ClipShare]).ToArray()));
        check.NoOutputLeftOut();
    }
}
