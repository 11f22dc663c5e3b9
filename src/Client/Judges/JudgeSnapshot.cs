using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Judges;

/// <summary>Where a preference training stands, put together from its events.</summary>
sealed class JudgeSnapshot(TimeProvider time)
{
    /// <summary>Weight of a new step in the running means: about the last twenty steps.</summary>
    const double Newest = 0.1;

    long started = time.GetTimestamp();

    public JudgeTrainingStarted? Training { get; private set; }

    /// <summary>Steps done in all.</summary>
    public int Step { get; private set; }

    /// <summary>Running means: single steps are noisy.</summary>
    public double? Loss { get; private set; }

    public double? Accuracy { get; private set; }

    public JudgeStepMetrics? Last { get; private set; }

    public (long Done, long Total)? Validating { get; private set; }

    public IReadOnlyList<TimestepAccuracy>? Validation { get; private set; }

    public string? Message { get; private set; }

    /// <summary>Time left at the pace so far, validations included; null before a step is done.</summary>
    public TimeSpan? Remaining => Training is { } training && Step > training.FirstStep
        ? time.GetElapsedTime(started) / (Step - training.FirstStep) * (training.Steps - Step)
        : null;

    public TimeSpan Elapsed => time.GetElapsedTime(started);

    public void Update(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case JudgeTrainingStarted training:
                (Training, Step, started, Message) = (training, training.FirstStep, time.GetTimestamp(), null);
                break;
            case JudgeStepFinished { Metrics: var metrics }:
                (Last, Step, Message) = (metrics, metrics.Step + 1, null);
                Loss = Mean(Loss, metrics.Loss);
                if (metrics.Accuracy is { } accuracy) Accuracy = Mean(Accuracy, accuracy);
                break;
            case JudgeValidationProgress validating:
                Validating = (validating.Done, validating.Total);
                break;
            case JudgeValidated validated:
                (Validation, Validating) = (validated.Accuracies, null);
                break;
            case JudgeCheckpointWritten written:
                Message = $"last checkpoint: {written.Folder}";
                break;
            case RunMessage message:
                Message = message.Text;
                break;
        }
    }

    static double Mean(double? before, double value) => before is { } mean ? mean + Newest * (value - mean) : value;
}
