namespace SpoActors.Trainer.Objectives;

/// <summary>What a minibatch's loss looked like; means over its pairs.</summary>
/// <param name="Loss">The SPO loss.</param>
/// <param name="Margin">Implicit reward margin β (log r_win - log r_lose), without the clamp.</param>
/// <param name="Accuracy">Share of pairs whose margin is positive.</param>
/// <param name="WinRatio">Clamped ratio of policy to reference of the win transitions.</param>
/// <param name="LoseRatio">Clamped ratio of policy to reference of the lose transitions.</param>
/// <param name="ClipShare">Share of ratios, win and lose, that the clamp changed; they pass no gradient.</param>
public readonly record struct SpoMetrics(double Loss, double Margin, double Accuracy, double WinRatio, double LoseRatio, double ClipShare);
