using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Golden.Tests.Models;
using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>The SPO reference's DDIM steps: log-probabilities with one timestep per row, and candidate pools.</summary>
public sealed partial class DdimLogProbReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("RockeyCoss/SPO", StringComparison.Ordinal) && golden.Has("candidate_noise") && !golden.Config.TryGetProperty("rows", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var config = SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder);
        var schedule = NoiseSchedule.Create(config with { PredictionType = SchedulerCases.Prediction(golden.Config.GetProperty("prediction_type").GetString()!) });
        var steps = golden.Config.GetProperty("steps").GetInt32();
        var timesteps = golden.Tensor("timesteps");
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateArray().Select(o => o.GetString()!))
        {
            if (output == "alphas_cumprod") check.Close(output, tensor(schedule.AlphasCumprod.ToArray()));
            else if (output == "scheduler_timesteps") check.Equal(output, tensor(new DdimScheduler(schedule, steps).Timesteps.ToArray()), golden.Tensor(output));
            else if (Output().Match(output) is { Success: true } match)
            {
                var ddim = new DdimScheduler(schedule, steps, double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture), DdimLastStep.ClampToFirst);
                check.Close(output, match.Groups[2].Success
                    ? OneRow(golden, ddim, timesteps, long.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture), match.Groups[3].Value)
                    : ddim.LogProb(golden.Tensor("model_output"), timesteps, golden.Tensor("sample"), golden.Tensor("given_prev_sample")));
            }
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }

    static Tensor OneRow(GoldenCase golden, DdimScheduler ddim, Tensor timesteps, long t, string what)
    {
        var row = Array.IndexOf(timesteps.data<long>().ToArray(), t);
        var (x0, epsilon) = ddim.Predict(golden.Tensor("model_output").narrow(0, row, 1), t, golden.Tensor("sample").narrow(0, row, 1));
        if (what == "pred_x0") return x0;
        var (mean, std) = ddim.MeanAndStd(x0, epsilon, t);
        return mean + std * golden.Tensor("candidate_noise").narrow(1, row, 1);
    }

    [GeneratedRegex(@"^eta([\d.]+)\.(?:log_prob|t(\d+)\.(pred_x0|candidates))$")]
    private static partial Regex Output();
}
