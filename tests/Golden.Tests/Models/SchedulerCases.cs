using System.Globalization;
using SpoActors.Trainer.Diffusion;

namespace SpoActors.Golden.Tests.Models;

/// <summary>What the scheduler readers share.</summary>
static class SchedulerCases
{
    /// <summary>Names of prediction types as they stand in cases and configurations.</summary>
    public static PredictionType Prediction(string name) => name switch
    {
        "epsilon" => PredictionType.Epsilon,
        "v_prediction" => PredictionType.VPrediction,
        "sample" => PredictionType.Sample,
        _ => throw new InvalidDataException($"unknown prediction type '{name}'"),
    };

    /// <summary>N of an output called <c>timesteps_N</c>, else null.</summary>
    public static int? TimestepsOf(string output) => CountAfter(output, "timesteps_");

    /// <summary>N of a name that is the prefix and N, else null.</summary>
    public static int? CountAfter(string name, string prefix) =>
        name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name[prefix.Length..], CultureInfo.InvariantCulture, out var count) ? count : null;
}
