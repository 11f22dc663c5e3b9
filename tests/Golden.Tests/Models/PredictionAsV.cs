using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Outputs that read a UNet's prediction as v, row by row at other timesteps: <c>x0_of_out_as_v_at_T_and_T</c> and <c>prev_sample_of_…</c>.</summary>
static partial class PredictionAsV
{
    public static bool Check(GoldenCase golden, GoldenAssert check, string output, Tensor prediction, Tensor sample)
    {
        if (Name().Match(output) is not { Success: true } match) return false;
        using var scope = NewDisposeScope();
        var ddim = new DdimScheduler(NoiseSchedule.Create(SchedulerConfig.Parse(golden.Config.GetProperty("scheduler"), golden.Folder)), StepsOf(golden));
        var rows = match.Groups[2].Value.Split("_and_").Select((text, row) =>
        {
            var t = long.Parse(text, CultureInfo.InvariantCulture);
            var (out_1CHW, sample_1CHW) = (prediction.narrow(0, row, 1), sample.narrow(0, row, 1));
            return match.Groups[1].Value == "x0" ? ddim.Predict(out_1CHW, t, sample_1CHW).X0 : ddim.Step(out_1CHW, t, sample_1CHW);
        });
        // No tolerance is recorded: both are sums of sample and prediction with factors up to 1, so the prediction's error counts.
        check.CloseAtMagnitude(output, cat([.. rows]), toleranceOf: "out");
        return true;
    }

    /// <summary>The number of steps stands in the output's description only.</summary>
    static int StepsOf(GoldenCase golden) => golden.Json.GetProperty("outputs").EnumerateObject()
        .Where(o => Name().IsMatch(o.Name) && o.Value.TryGetProperty("about", out _))
        .Select(o => Steps().Match(o.Value.GetProperty("about").GetString()!))
        .Where(m => m.Success).Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).First();

    [GeneratedRegex(@"^(x0|prev_sample)_of_out_as_v_at_(\d+(?:_and_\d+)*)$")]
    private static partial Regex Name();

    [GeneratedRegex(@"(\d+) steps")]
    private static partial Regex Steps();
}
