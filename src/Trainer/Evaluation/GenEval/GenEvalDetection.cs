namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>An object that a detector saw in an image.</summary>
/// <param name="Class">One of the detector's classes, in GenEval's words ("tv remote", "computer mouse").</param>
/// <param name="Box">Where.</param>
/// <param name="Score">The detector's confidence, between 0 and 1.</param>
/// <param name="Color">The colour of the object; null where nobody looked.</param>
public sealed record GenEvalDetection(string Class, GenEvalBox Box, float Score, string? Color = null);
