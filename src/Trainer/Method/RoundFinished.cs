using SpoActors.Trainer.Progress;

namespace SpoActors.Trainer.Method;

/// <summary>A round is complete.</summary>
public sealed record RoundFinished(RoundMetrics Metrics) : RunEvent;
