using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>What SDXL is told about an image's size (arXiv 2307.01952, section 2.2), in pixels.</summary>
public sealed record SizeConditioning
{
    public long OriginalHeight { get; init; }
    public long OriginalWidth { get; init; }
    public long CropTop { get; init; }
    public long CropLeft { get; init; }
    public long TargetHeight { get; init; }
    public long TargetWidth { get; init; }

    /// <summary>An uncropped image that always had this size.</summary>
    public static SizeConditioning Of(long height, long width) =>
        new() { OriginalHeight = height, OriginalWidth = width, TargetHeight = height, TargetWidth = width };

    /// <summary>In the order in which SDXL is told: original height and width, crop top and left, target height and width.</summary>
    public long[] ToNumbers() => [OriginalHeight, OriginalWidth, CropTop, CropLeft, TargetHeight, TargetWidth];

    /// <summary>What <see cref="ToNumbers"/> gave.</summary>
    public static SizeConditioning FromNumbers(long[] n) =>
        new() { OriginalHeight = n[0], OriginalWidth = n[1], CropTop = n[2], CropLeft = n[3], TargetHeight = n[4], TargetWidth = n[5] };

    /// <summary>[rows, 6], int64.</summary>
    public Tensor ToTimeIds(int rows, Device device) => ToTimeIds([.. Enumerable.Repeat(this, rows)], device);

    /// <summary>A row for each image, [rows, 6], int64.</summary>
    public static Tensor ToTimeIds(IReadOnlyList<SizeConditioning> rows, Device device) =>
        tensor([.. rows.SelectMany(r => r.ToNumbers())], [rows.Count, 6L], device: device);
}
