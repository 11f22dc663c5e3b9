using SpoActors.Specification;
using SpoActors.Trainer.Evaluation;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>Measures a run's model with this world's oracle, before and after.</summary>
sealed class RunOracle : IRunOracle
{
    /// <summary>What a run writes as <c>evaluation.oracle</c>.</summary>
    public const string Name = "shapes_world";

    readonly EvaluationSettings settings;
    readonly BeforeAndAfter evaluation;

    /// <exception cref="SpoActors.Trainer.Checkpoints.CheckpointException">The model's folder holds no oracle.</exception>
    public RunOracle(RunSpecification run, Action<string> say)
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
