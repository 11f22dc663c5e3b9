using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Golden.Tests.Models;
using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>
/// DDIM steps of whole batches, each row of the recorded timesteps once: means, deviations, samples, log-probabilities and candidates, or
/// the KL of two predictions.
/// </summary>
public sealed partial class DdimBatchReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("RockeyCoss/SPO", StringComparison.Ordinal)
        && golden.Config.TryGetProperty("rows", out _) && (golden.Has("candidate_noise") || golden.Has("model_output_ref"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var schedule = NoiseSchedule.Create(SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder)
            with
        { PredictionType = SchedulerCases.Prediction(golden.Config.GetProperty("prediction_type").GetString()!) });
        var rows = golden.Config.GetProperty("rows").EnumerateArray().Select(r => r.GetString()!).ToArray();
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateArray().Select(o => o.GetString()!))
        {
            if (output == "alphas_cumprod") check.Close(output, tensor(schedule.AlphasCumprod.ToArray()));
            else if (output == "scheduler_timesteps") check.Equal(output, tensor(Ddim(0).Timesteps.ToArray()), golden.Tensor(output));
            else if (Output().Match(output) is { Success: true } match)
            {
                var eta = match.Groups[1].Success ? double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
                var actual = OneRow(golden, Ddim(eta), Array.IndexOf(rows, match.Groups[2].Value), match.Groups[3].Value);
                if (actual is null) check.Fail($"the reader doesn't know the output '{output}'");
                else if (actual.is_floating_point()) check.Close(output, actual);
                else check.Equal(output, actual, golden.Tensor(output));
            }
        }
        check.NoOutputLeftOut();

        DdimScheduler Ddim(double eta) => new(schedule, golden.Config.GetProperty("steps").GetInt32(), eta, DdimLastStep.ClampToFirst);
    }

    static Tensor? OneRow(GoldenCase golden, DdimScheduler ddim, int row, string what)
    {
        Tensor sample = golden.Tensor("sample"), prediction = golden.Tensor("model_output");
        var timesteps_B = golden.Tensor("timesteps")[row].expand(sample.shape[0]).contiguous();
        var (x0, epsilon) = ddim.Predict(prediction, timesteps_B, sample);
        var (mean, std_B111) = ddim.MeanAndStd(x0, epsilon, timesteps_B);
        return what switch
        {
            "prev_timestep" => tensor(timesteps_B.data<long>().ToArray().Select(ddim.PreviousTimestep).ToArray()),
            "mean" => mean,
            "mean_ref" => Mean(golden.Tensor("model_output_ref")),
            "std" => std_B111.flatten(),
            "kl" => ddim.Kl(prediction, golden.Tensor("model_output_ref"), timesteps_B, sample),
            "log_prob" => ddim.LogProb(prediction, timesteps_B, sample, golden.Tensor("given_prev_sample")),
            "prev_sample" => mean + std_B111 * golden.Tensor("noise"),
            "log_prob_of_prev_sample" => ddim.LogProb(prediction, timesteps_B, sample, mean + std_B111 * golden.Tensor("noise")),
            "candidates" => mean + std_B111 * golden.Tensor("candidate_noise"),
            "pred_x0" => x0,
            "pred_epsilon" => epsilon,
            _ => null,
        };

        Tensor Mean(Tensor output)
        {
            var (clean, noise) = ddim.Predict(output, timesteps_B, sample);
            return ddim.MeanAndStd(clean, noise, timesteps_B).Mean;
        }
    }

    [GeneratedRegex(@"^(?:eta([\d.]+)\.)?(\w+)\.(\w+)$")]
    private static partial Regex Output();
}
