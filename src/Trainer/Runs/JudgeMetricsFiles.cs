using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// Writes a preference training's <c>metrics.jsonl</c> (a line a step) and <c>validation.jsonl</c> (a line for each timestep of each
/// validation). A resumed training replaces the lines of what it does again.
/// </summary>
/// <param name="folder">The training's folder.</param>
public sealed class JudgeMetricsFiles(string folder) : IRunProgress
{
    readonly JsonLines<JudgeStepMetrics> steps = new(Path.Combine(folder, HeldFolder.MetricsFile));
    readonly JsonLines<TimestepAccuracy> validations = new(Path.Combine(folder, "validation.jsonl"));

    public void Report(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case JudgeTrainingStarted started:
                steps.Keep(s => s.Step < started.FirstStep);
                // A validation comes before the commit of its step, so those up to the commit are complete.
                validations.Keep(v => v.Step <= started.FirstStep);
                break;
            case JudgeStepFinished { Metrics: var metrics }:
                steps.Append(metrics);
                break;
            case JudgeValidated validated:
                var step = validated.Accuracies[0].Step;
                validations.Keep(v => v.Step != step);
                foreach (var accuracy in validated.Accuracies) validations.Append(accuracy);
                break;
        }
    }

    public IReadOnlyList<JudgeStepMetrics> Steps() => steps.Read();

    public IReadOnlyList<TimestepAccuracy> Validations() => validations.Read();
}
