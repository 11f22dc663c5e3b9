using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>diffusers' DDPM as training uses it, and its ancestral steps.</summary>
public sealed partial class DdpmSchedulerReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("diffusers.DDPMScheduler", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var schedule = NoiseSchedule.Create(SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder));
        var outputs = golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).ToArray();
        var steps = StepsOf(golden) ?? outputs.Select(SchedulerCases.TimestepsOf).First(n => n is not null)!.Value;
        var (original, noise, timesteps) = (golden.Tensor("original_samples"), golden.Tensor("noise"), golden.Tensor("timesteps"));
        using var ddpm = new DdpmSampler(schedule, steps);
        foreach (var output in outputs)
        {
            if (output == "add_noise") check.Close(output, schedule.AddNoise(original, noise, timesteps));
            else if (output == "get_velocity") check.Close(output, schedule.Velocity(original, noise, timesteps));
            else if (output == "snr") check.Close(output, schedule.Snr(timesteps));
            else if (output == "alphas_cumprod") check.Close(output, tensor(schedule.AlphasCumprod.ToArray()));
            else if (SchedulerCases.TimestepsOf(output) is { } count)
                check.Equal(output, tensor(new DdpmSampler(schedule, count).Timesteps.ToArray()).to(ScalarType.Int64), golden.Tensor(output));
            else if (Step().Match(output) is { Success: true } match)
            {
                var step = ddpm.Timesteps.ToList().IndexOf(float.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
                var sample = golden.Tensor("add_noise");
                check.Close(output, match.Groups[2].Value == "prev_sample"
                    ? ddpm.Step(original, step, sample, noise)
                    : ddpm.PredictX0(original, step, sample));
            }
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }

    /// <summary>The number of steps stands in the description of a step only.</summary>
    static int? StepsOf(GoldenCase golden) => golden.Json.GetProperty("outputs").EnumerateObject()
        .Where(o => Step().IsMatch(o.Name) && o.Value.TryGetProperty("about", out _))
        .Select(o => Steps().Match(o.Value.GetProperty("about").GetString()!)).Where(m => m.Success)
        .Select(m => (int?)int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).FirstOrDefault();

    [GeneratedRegex(@"(\d+) steps")]
    private static partial Regex Steps();

    [GeneratedRegex(@"^step\.t(\d+)\.(prev_sample|pred_original_sample)$")]
    private static partial Regex Step();
}
