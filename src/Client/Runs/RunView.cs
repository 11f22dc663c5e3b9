using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using SpoActors.Client.Console;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Runs;

/// <summary>A run as a picture: bars of its rounds and stages, and the figures one watches.</summary>
static class RunView
{
    const int BarWidth = 32;

    public static IRenderable Draw(RunSnapshot snapshot)
    {
        if (snapshot.Run is not { } run) return new Text(snapshot.Message ?? "");
        var bars = new Table { Border = TableBorder.None, ShowHeaders = false };
        bars.AddColumn("").AddColumn("").AddColumn(new TableColumn("") { Alignment = Justify.Right });
        bars.AddRow(new Text("rounds"), Bar(run.FirstRound + snapshot.RoundsDone, run.Rounds, Color.Green), Count(run.FirstRound + snapshot.RoundsDone, run.Rounds));
        foreach (var stage in Enum.GetValues<RunStage>())
            if (snapshot.Stages.TryGetValue(stage, out var progress))
                bars.AddRow(new Text(stage.ToString().ToLowerInvariant()), Bar(progress.Done, progress.Total, Color.Blue), Count(progress.Done, progress.Total));

        var figures = new Table { Border = TableBorder.Rounded };
        foreach (var column in new[] { "pairs/s", "loss", "margin", "accuracy", "score", "valid", "elapsed", "left" }) figures.AddColumn(column);
        figures.AddRow(
            ResultOutput.Text(snapshot.PairsPerSecond),
            ResultOutput.Text(snapshot.Minibatch?.Loss), snapshot.Minibatch is { } latest && latest.Metrics.TryGetValue(ObjectiveMetrics.Margin, out var margin) ? ResultOutput.Text(margin) : "", ResultOutput.Text(snapshot.LastRound?.Of(ObjectiveMetrics.Accuracy)),
            ResultOutput.Text(snapshot.LastRound?.ScoreMean), snapshot.LastRound?.ValidPairShare.ToString("P0", CultureInfo.InvariantCulture) ?? "",
            Clock(snapshot.Elapsed), snapshot.Remaining is { } left ? Clock(left) : "");
        var last = snapshot.Message ?? (snapshot.Checkpoint is { } checkpoint ? $"last checkpoint: {checkpoint}" : "no checkpoint yet");
        return new Rows(new Text($"{run.Name}, round {Math.Min(snapshot.Round + 1, run.Rounds)} of {run.Rounds}"), bars, figures, new Text(last, new Style(Color.Grey)));
    }

    /// <summary>Hours, minutes and seconds.</summary>
    public static string Clock(TimeSpan span) => span.ToString(span.TotalHours >= 1 ? @"d\.hh\:mm\:ss" : @"mm\:ss", CultureInfo.InvariantCulture);

    internal static Text Count(long done, long total) => new(string.Create(CultureInfo.InvariantCulture, $"{done}/{total}"));

    internal static Text Bar(long done, long total, Color color)
    {
        var filled = total <= 0 ? 0 : (int)(BarWidth * Math.Min(done, total) / total);
        return new Text(new string('█', filled) + new string('░', BarWidth - filled), new Style(color));
    }
}
