namespace SpoActors.Trainer.Probing;

/// <summary>What a probe measured.</summary>
public sealed record ProbeReport
{
    public required string Architecture { get; init; }
    public required string Device { get; init; }
    public required string Dtype { get; init; }
    public required int ImageSide { get; init; }
    public required long UNetParameters { get; init; }
    public required long VaeParameters { get; init; }
    public required long LoraParameters { get; init; }

    /// <summary>k candidates of one step and their predicted clean latents.</summary>
    public required int Candidates { get; init; }
    public required double BuildSeconds { get; init; }
    public required double CandidateStepSeconds { get; init; }

    /// <summary>Decoding the k candidates; null where the autoencoder was left out.</summary>
    public double? DecodeSeconds { get; init; }
    public required double TrainPairSeconds { get; init; }

    /// <summary>SPO loss of the pair: log 2 for an untrained adapter.</summary>
    public required double Loss { get; init; }

    /// <summary>Norm of the adapter's gradient.</summary>
    public required double GradientNorm { get; init; }

    /// <summary>Most host memory the process ever used, bytes.</summary>
    public required long PeakHostMemory { get; init; }
}
