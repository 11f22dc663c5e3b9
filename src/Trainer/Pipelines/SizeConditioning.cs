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

    /// <summary>[rows, 6], int64.</summary>
    public Tensor ToTimeIds(int rows, Device device) => ToTimeIds([.. Enumerable.Repeat(this, rows)], device);

    /// <summary>A row for each image, [rows, 6], int64.</summary>
    public static Tensor ToTimeIds(IReadOnlyList<SizeConditioning> rows, Device device) =>
        tensor([.. rows.SelectMany(r => new[] { r.OriginalHeight, r.OriginalWidth, r.CropTop, r.CropLeft, r.TargetHeight, r.TargetWidth })], [rows.Count, 6L], device: device);
}
