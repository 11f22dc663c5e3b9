using SpoActors.Specification;

namespace SpoActors.Client.Sampling;

/// <summary>What <c>spo sample</c> was asked for.</summary>
sealed record SamplingRequest
{
    public required ModelSpecification Model { get; init; }
    public required IReadOnlyList<string> Prompts { get; init; }
    public required string? NegativePrompt { get; init; }
    public required string? Lora { get; init; }

    /// <summary>Parts of the LoRA file that are left out.</summary>
    public required IReadOnlyList<LoraFilePart> Ignore { get; init; }
    public required double LoraStrength { get; init; }

    /// <summary>Whether to draw without the LoRA as well.</summary>
    public required bool Compare { get; init; }
    public required IReadOnlyList<ulong> Seeds { get; init; }
    public required int Steps { get; init; }
    public required double GuidanceScale { get; init; }
    public required double GuidanceRescale { get; init; }
    public required SchedulerKind Scheduler { get; init; }
    public required double Eta { get; init; }
    public required int? Height { get; init; }
    public required int? Width { get; init; }

    /// <summary>For the images alone.</summary>
    public required string Folder { get; init; }
}

/// <summary>An image that was drawn; a grid has several seeds and prompts, and its seed is null.</summary>
sealed record DrawnFile(string File, string Prompt, ulong? Seed, string Lora);
