using SpoActors.Trainer.Progress;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>Training of a preference model begins or goes on.</summary>
/// <param name="Name">Of the training.</param>
/// <param name="Folder">Its folder.</param>
/// <param name="FirstStep">The step it starts at; above 0 after a resume.</param>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="Pairs">Pairs of an epoch; null for a source without end.</param>
/// <param name="ValidationPairs">Pairs validated on.</param>
public sealed record JudgeTrainingStarted(string Name, string Folder, int FirstStep, int Steps, int? Pairs, int ValidationPairs) : RunEvent;

/// <summary>An optimizer step is done.</summary>
public sealed record JudgeStepFinished(JudgeStepMetrics Metrics) : RunEvent;

/// <summary>How far a validation has come.</summary>
/// <param name="Done">Pairs scored, over all timesteps.</param>
/// <param name="Total">Pairs to score.</param>
public sealed record JudgeValidationProgress(long Done, long Total) : RunEvent;

/// <summary>A validation is complete.</summary>
public sealed record JudgeValidated(IReadOnlyList<TimestepAccuracy> Accuracies) : RunEvent;

/// <summary>Training is committed up to a step.</summary>
/// <param name="NextStep">The first step that is not in the checkpoint.</param>
/// <param name="Folder">The checkpoint's folder, relative to the training's.</param>
/// <param name="StateHash">SHA-256 of its state file.</param>
public sealed record JudgeCheckpointWritten(int NextStep, string Folder, string StateHash) : RunEvent;

/// <summary>All steps are done and the model is written.</summary>
/// <param name="Steps">Steps of the whole training.</param>
/// <param name="Folder">The model's folder.</param>
/// <param name="ModelHash">SHA-256 of its weights.</param>
public sealed record JudgeTrainingFinished(int Steps, string Folder, string ModelHash) : RunEvent;
