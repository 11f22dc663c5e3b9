using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>What a minibatch did; plain numbers, no tensors.</summary>
public sealed record MinibatchResult
{
    public required int Pairs { get; init; }

    /// <summary>Log-probabilities of each pair's transitions (mean over channels and pixels).</summary>
    public required float[] LogProbWin { get; init; }
    public required float[] LogProbWinReference { get; init; }
    public required float[] LogProbLose { get; init; }
    public required float[] LogProbLoseReference { get; init; }

    /// <summary>Loss, margin, accuracy, ratios.</summary>
    public required SpoMetrics Metrics { get; init; }

    /// <summary>Norm of the LoRA's gradient before clipping; null where no optimizer step was made.</summary>
    public required double? GradientNorm { get; init; }

    /// <summary>Whether an optimizer step was made.</summary>
    public required bool Stepped { get; init; }

    internal static float[] Floats(Tensor tensor)
    {
        using var onCpu = tensor.detach().to(ScalarType.Float32).cpu();
        return onCpu.contiguous().data<float>().ToArray();
    }
}
