using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method.Selection;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>LPO's thresholds by step, and the pairs that they keep.</summary>
public sealed class PairThresholdReader : IGoldenReader
{
    static readonly (string Name, ThresholdRule Rule)[] Rules =
        [("sigma", ThresholdRule.Sigma), ("variance", ThresholdRule.Variance), ("linear", ThresholdRule.Timestep)];

    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("Kwai-Kolors/LPO", StringComparison.Ordinal)
        && (golden.Has("threshold.sigma") || golden.Has("kept.sigma"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        if (golden.Has("threshold.sigma")) Thresholds(golden, check);
        else Pairs(golden, check);
        check.NoOutputLeftOut();
    }

    static void Thresholds(GoldenCase golden, GoldenAssert check)
    {
        var ddim = Ddim(golden);
        var timesteps = golden.Tensor("timesteps").data<long>().ToArray();
        check.Close("ddim_std", tensor(timesteps.Select(t => ddim.StdDev(t)).ToArray()));
        check.Close("sigma_table", Table(ThresholdRule.Sigma));
        check.Close("variance_table", Table(ThresholdRule.Variance));
        foreach (var (name, rule) in Rules)
        {
            var threshold = Threshold(golden, rule, ddim);
            check.Close($"threshold.{name}", tensor(timesteps.Select(t => (float)threshold.At(t)).ToArray()));
        }

        Tensor Table(ThresholdRule rule) => tensor(timesteps.Order().Select(t => (float)PairThreshold.Followed(rule, ddim, t)).ToArray());
    }

    static void Pairs(GoldenCase golden, GoldenAssert check)
    {
        var ddim = Ddim(golden);
        Tensor scores = golden.Tensor("scores"), timesteps = golden.Tensor("timesteps");
        var fixedThreshold = PairSelection.BestAndWorst(scores, golden.Config.GetProperty("threshold").GetDouble());
        check.Equal("pair", stack([tensor(fixedThreshold.Win), tensor(fixedThreshold.Lose)]), golden.Tensor("pair"));
        check.Close("gap", tensor(fixedThreshold.Gap));
        check.Equal("kept.fixed", tensor(fixedThreshold.IsValid), golden.Tensor("kept.fixed"));
        foreach (var (name, rule) in Rules)
        {
            var threshold = Threshold(golden, rule, ddim);
            var kept = timesteps.data<long>().ToArray().Select((t, b) => PairSelection.BestAndWorst(scores.narrow(1, b, 1), threshold.At(t)).IsValid[0]);
            check.Equal($"kept.{name}", tensor(kept.ToArray()), golden.Tensor($"kept.{name}"));
        }
    }

    static PairThreshold Threshold(GoldenCase golden, ThresholdRule rule, DdimScheduler ddim) => new(
        new PairSpecification
        {
            ThresholdRule = rule,
            Threshold = golden.Config.GetProperty("threshold_min").GetDouble(),
            ThresholdMax = golden.Config.GetProperty("threshold_max").GetDouble(),
        }, ddim);

    /// <summary>LPO's tables are Stable Diffusion's at 20 steps; a case of pairs says no more than that.</summary>
    static DdimScheduler Ddim(GoldenCase golden)
    {
        var config = golden.Config.TryGetProperty("scheduler", out var scheduler)
            ? SchedulerConfig.Parse(scheduler, golden.Folder)
            : new SchedulerConfig { BetaStart = 0.00085, BetaEnd = 0.012, BetaSchedule = BetaSchedule.ScaledLinear, StepsOffset = 1, ClipSample = false, SetAlphaToOne = false };
        var steps = golden.Config.TryGetProperty("steps", out var number) ? number.GetInt32() : 20;
        return new DdimScheduler(NoiseSchedule.Create(config), steps, eta: 1, DdimLastStep.ClampToFirst);
    }
}
