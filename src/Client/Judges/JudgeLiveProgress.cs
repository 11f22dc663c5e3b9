using Spectre.Console;
using Spectre.Console.Rendering;
using SpoActors.Client.Console;
using SpoActors.Client.Runs;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Judges;

/// <summary>Progress of a preference training on a terminal: redraws its picture as events come, a few times a second at most.</summary>
sealed class JudgeLiveProgress(Action<IRenderable> redraw, TimeProvider time) : IRunProgress
{
    readonly JudgeSnapshot snapshot = new(time);
    readonly Pace pace = new(time, TimeSpan.FromMilliseconds(100));

    public void Report(RunEvent runEvent)
    {
        snapshot.Update(runEvent);
        if (runEvent is JudgeStepFinished or JudgeValidationProgress && !pace.IsDue) return;
        pace.Mark();
        redraw(Draw(snapshot));
    }

    /// <summary>Bars of steps and validation, the figures one watches, and the last validation.</summary>
    public static IRenderable Draw(JudgeSnapshot snapshot)
    {
        if (snapshot.Training is not { } training) return new Text(snapshot.Message ?? "");
        var bars = new Table { Border = TableBorder.None, ShowHeaders = false };
        bars.AddColumn("").AddColumn("").AddColumn(new TableColumn("") { Alignment = Justify.Right });
        bars.AddRow(new Text("steps"), RunView.Bar(snapshot.Step, training.Steps, Color.Green), RunView.Count(snapshot.Step, training.Steps));
        if (snapshot.Validating is var (done, total)) bars.AddRow(new Text("validation"), RunView.Bar(done, total, Color.Blue), RunView.Count(done, total));

        var figures = new Table { Border = TableBorder.Rounded };
        foreach (var column in new[] { "loss", "accuracy", "learning rate", "gradient norm", "elapsed", "left" }) figures.AddColumn(column);
        figures.AddRow(ResultOutput.Text(snapshot.Loss), ResultOutput.Text(snapshot.Accuracy), ResultOutput.Text(snapshot.Last?.LearningRate),
            ResultOutput.Text(snapshot.Last?.GradientNorm), RunView.Clock(snapshot.Elapsed), snapshot.Remaining is { } left ? RunView.Clock(left) : "");
        var validation = snapshot.Validation is { } accuracies ? ProgressText.Describe(accuracies) : "";
        return new Rows(new Text(training.Name), bars, figures, new Text(validation), new Text(snapshot.Message ?? "", new Style(Color.Grey)));
    }
}
