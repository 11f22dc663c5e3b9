using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>diffusers' DDIM: tables, timesteps, single steps.</summary>
public sealed partial class DdimSchedulerReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source == "diffusers.DDIMScheduler";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var config = SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder);
        var steps = golden.Config.GetProperty("num_inference_steps").GetInt32();
        var types = golden.Config.GetProperty("prediction_types").EnumerateArray().Select(t => t.GetString()!).ToArray();
        var schedule = NoiseSchedule.Create(config with { PredictionType = SchedulerCases.Prediction(types[0]) });
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            if (output == "betas") check.Close(output, tensor(schedule.Betas.ToArray()));
            else if (output == "alphas_cumprod") check.Close(output, tensor(schedule.AlphasCumprod.ToArray()));
            else if (output == "final_alpha_cumprod") check.Close(output, tensor([schedule.FinalAlphaCumprod]));
            else if (SchedulerCases.TimestepsOf(output) is { } count)
                check.Equal(output, tensor(new DdimScheduler(schedule, count).Timesteps.ToArray()), golden.Tensor(output));
            else if (StdDev().Match(output) is { Success: true } deviation)
            {
                var ddim = new DdimScheduler(schedule, steps, Number(deviation.Groups[1]));
                check.Close(output, tensor(ddim.Timesteps.Select(ddim.StdDev).ToArray()));
            }
            else if (Step().Match(output) is { Success: true } step) CheckStep(golden, check, config, steps, output, step);
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }

    static void CheckStep(GoldenCase golden, GoldenAssert check, SchedulerConfig config, int steps, string output, Match step)
    {
        var schedule = NoiseSchedule.Create(config with { PredictionType = SchedulerCases.Prediction(step.Groups[1].Value) });
        var t = long.Parse(step.Groups[2].Value, CultureInfo.InvariantCulture);
        var ddim = new DdimScheduler(schedule, steps, step.Groups[3].Success ? Number(step.Groups[3]) : 0);
        var (sample, modelOutput) = (golden.Tensor("sample"), golden.Tensor("model_output"));
        var actual = step.Groups[4].Value == "prev_sample" ? ddim.Step(modelOutput, t, sample, golden.Tensor("variance_noise")) : ddim.Predict(modelOutput, t, sample).X0;
        if (IsAccidentOfTheOriginal(golden, schedule, output, t)) check.Equal($"{output}: all finite", actual.isfinite().all().item<bool>(), true);
        else check.Close(output, actual);
    }

    /// <summary>
    /// Without signal and with eta 1 the original takes the root of about zero, which rounding may have made negative: the recording is NaN
    /// then, and ours, which is clamped, a number.
    /// </summary>
    static bool IsAccidentOfTheOriginal(GoldenCase golden, NoiseSchedule schedule, string output, long t) =>
        schedule.AlphasCumprod[(int)t] == 0 && golden.Tensor(output).isnan().all().item<bool>();

    static double Number(Group group) => double.Parse(group.Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^std_dev_eta([\d.]+)$")]
    private static partial Regex StdDev();

    [GeneratedRegex(@"^(epsilon|v_prediction|sample)\.t(\d+)(?:\.eta([\d.]+))?\.(prev_sample|pred_original_sample)$")]
    private static partial Regex Step();
}
