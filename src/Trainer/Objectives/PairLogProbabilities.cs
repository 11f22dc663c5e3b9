using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>log p(x_{t-1} | x_t) of each pair's two transitions, each [M], float32.</summary>
/// <param name="Win">Of the preferred transition under the policy.</param>
/// <param name="WinReference">Of the preferred transition under the reference; takes no part in the gradient.</param>
/// <param name="Lose">Of the other transition under the policy.</param>
/// <param name="LoseReference">Of the other transition under the reference.</param>
public sealed record PairLogProbabilities(Tensor Win, Tensor WinReference, Tensor Lose, Tensor LoseReference);
