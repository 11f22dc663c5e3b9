using SpoActors.Specification;

namespace SpoActors.Trainer.Pipelines;

/// <summary>What to draw, and how.</summary>
public sealed record TextToImageRequest
{
    /// <summary>One image each.</summary>
    public required IReadOnlyList<string> Prompts { get; init; }

    /// <summary>What the images should not look like, for all of them; null for the model's unconditional half.</summary>
    public string? NegativePrompt { get; init; }

    public int Steps { get; init; } = 20;

    /// <summary>Classifier-free guidance scale; 1 or less switches guidance off.</summary>
    public double GuidanceScale { get; init; } = 5;

    /// <summary>0..1, arXiv 2305.08891 section 3.4.</summary>
    public double GuidanceRescale { get; init; }

    public SchedulerKind Scheduler { get; init; } = SchedulerKind.Ddim;

    /// <summary>DDIM's eta.</summary>
    public double Eta { get; init; }

    /// <summary>In pixels; null for the model's own.</summary>
    public int? Height { get; init; }

    /// <summary>In pixels; null for the model's own.</summary>
    public int? Width { get; init; }

    /// <summary>SDXL: sizes the images are said to have; null for their real size, uncropped.</summary>
    public SizeConditioning? Sizes { get; init; }

    /// <summary>SDXL: the same for the unconditional half; null for <see cref="Sizes"/>.</summary>
    public SizeConditioning? NegativeSizes { get; init; }
}
