using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Objectives;

namespace SpoActors.Client.Reports;

/// <summary>A run's figures round by round as a picture.</summary>
static class TrainingCurves
{
    /// <summary>A PNG file, or null where there is no round yet.</summary>
    public static byte[]? Draw(IReadOnlyList<RoundMetrics> rounds)
    {
        if (rounds.Count == 0) return null;
        // A panel that an objective has no figures for is left out.
        LineCharts.Panel[] panels =
        [
            Panel("Loss", ("loss", m => m.Loss)),
            Panel("Implicit reward margin", ("margin", m => m.Of(ObjectiveMetrics.Margin))),
            Panel("Preference score of the candidates", ("mean score", m => m.ScoreMean)),
            Panel("Shares", ("pairs kept", m => m.ValidPairShare), ("accuracy", m => m.Of(ObjectiveMetrics.Accuracy)), ("ratios clamped", m => m.Of(ObjectiveMetrics.ClipShare))),
            Panel("Probability ratio to the base model", ("winners", m => m.Of(ObjectiveMetrics.WinRatio)), ("losers", m => m.Of(ObjectiveMetrics.LoseRatio))),
            Panel("KL of a step to the base model", ("kl", m => m.Of(ObjectiveMetrics.Kl))),
            Panel("Gradient norm", ("norm", m => m.GradientNorm)),
        ];
        return LineCharts.Draw([.. panels.Where(p => p.Lines.Any(l => l.Points.Count > 0))]);

        LineCharts.Panel Panel(string title, params (string Name, Func<RoundMetrics, double?> Of)[] lines) => new(title, "round",
            [.. lines.Select(l => new LineCharts.Line(l.Name, [.. rounds.Where(m => l.Of(m) is not null).Select(m => (m.Round + 1.0, l.Of(m)!.Value))]))]);
    }
}
