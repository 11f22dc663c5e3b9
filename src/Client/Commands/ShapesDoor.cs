using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Evaluation;
using SpoActors.ShapesWorld.Commands;
using SpoActors.ShapesWorld.Evaluation;
using SpoActors.Specification;

namespace SpoActors.Client.Commands;

/// <summary>
/// <c>spo shapes</c>: the commands of the sample world, and its oracle for runs that ask for it. The one place below <c>src</c> that knows a
/// sample, so that the README's first command needs nothing but the client.
/// </summary>
static class ShapesDoor
{
    public static Command Create(IConsoleOutput output, TimeProvider time) => ShapesCommands.AddTo(
        new Command("shapes", "ShapesWorld: a small world to train everything from scratch in."),
        new ShapesOutput(output.Data, output.Say, table => output.Table(new OutputTable(table.Title, table.Columns, table.Rows))), time);

    /// <summary>The oracle that a run's configuration names, or null.</summary>
    /// <param name="run">The run.</param>
    /// <param name="say">Told how far the measuring has come, on any thread.</param>
    /// <exception cref="SpoActors.Trainer.Checkpoints.CheckpointException">The model's folder holds no oracle.</exception>
    public static IRunOracle? OracleOf(RunSpecification run, Action<string> say) =>
        run.Evaluation.Oracle == OracleKind.ShapesWorld ? new Oracle(run, say) : null;

    sealed class Oracle : IRunOracle
    {
        readonly EvaluationSettings settings;
        readonly BeforeAndAfter evaluation;

        public Oracle(RunSpecification run, Action<string> say)
        {
            settings = new EvaluationSettings
            {
                Prompts = run.Evaluation.OraclePrompts,
                Steps = run.Evaluation.Steps,
                GuidanceScale = run.Evaluation.GuidanceScale,
                Eta = run.Evaluation.Eta,
            };
            evaluation = new BeforeAndAfter(run.Model.Path, settings, say);
        }

        public void MeasureBefore(CancellationToken cancellation) => evaluation.MeasureBefore(cancellation);

        public OracleFigures Compare(string adapter, CancellationToken cancellation) => new(settings.Prompts,
            [.. evaluation.Compare(adapter, cancellation).Metrics.Select(m => new OracleMetric(m.Metric, m.Images, m.IsBetterHigher, Of(m.Before), Of(m.After!), Of(m.Change!)))]);

        public void Dispose() => evaluation.Dispose();

        static OracleInterval Of(Estimate estimate) => new(estimate.Mean, estimate.Low, estimate.High);
    }
}
