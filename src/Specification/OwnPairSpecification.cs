namespace SpoActors.Specification;

/// <summary>
/// A user's own pairs of images, for the objectives that learn from a data set instead of from samples (Diffusion-DPO, MaPO, Diffusion-SDPO,
/// Linear-DPO). Images are cut to size and encoded once.
/// </summary>
public sealed record OwnPairSpecification
{
    /// <summary>
    /// Pick-a-Pic parquet: a file, or a folder searched to the bottom; a folder with <c>w/</c> and <c>l/</c>; or a .jsonl file. Empty: not used.
    /// </summary>
    [MayChange("the data set")]
    public string Path { get; init; } = "";

    /// <summary>What the path holds; auto looks.</summary>
    [MayChange("the data set")]
    public OwnPairKind Kind { get; init; } = OwnPairKind.Auto;

    /// <summary>
    /// Pairs without a winner. drop: left out (Diffusion-DPO). judged: kept with label 0.5 if somebody called them equal. keep: kept, those that
    /// nobody judged too (the training of the step-aware preference model).
    /// </summary>
    public TieRule Ties { get; init; } = TieRule.Drop;

    /// <summary>Let the judge say which image is better, instead of the data set; pairs.threshold then says how far apart they must be.</summary>
    public bool Relabel { get; init; }

    /// <summary>Keep only rows whose column are_different says so; parquet files without it keep all.</summary>
    [MayChange("the data set")]
    public bool OnlyDifferent { get; init; }

    /// <summary>Keep only rows whose model_0 and model_1 both contain this text (dream: Diffusion-DPO's dreamlike_pairs_only); empty for all.</summary>
    [MayChange("the data set")]
    public string Models { get; init; } = "";

    /// <summary>Use only the first N pairs that are kept; null for all.</summary>
    [MayChange("the data set")]
    public int? Limit { get; init; }

    /// <summary>Leave pairs with an image that cannot be decoded out, with a count, instead of stopping.</summary>
    public bool SkipUndecodable { get; init; }

    /// <summary>Side in pixels to which the shortest edge is resized; null for the model's own size.</summary>
    public int? Resolution { get; init; }

    /// <summary>
    /// Train on several shapes of at most resolution² pixels, sides in multiples of 64 (of 8 below a resolution of 256); a pair has the one
    /// nearest to its preferred image. False: squares.
    /// </summary>
    public bool Buckets { get; init; }

    /// <summary>Which part of the resized image is kept.</summary>
    public CropRule Crop { get; init; } = CropRule.Center;

    /// <summary>Mirror half of the pairs; which ones, the seed and their images decide.</summary>
    public bool Flip { get; init; }

    /// <summary>
    /// What SDXL is told of an image's size. constant: the training size, uncropped (Diffusion-DPO). image: each image's own size, and its crop
    /// (MaPO).
    /// </summary>
    public SizeConditioningRule SizeConditioning { get; init; } = SizeConditioningRule.Constant;

    /// <summary>Folder of encoded images, which runs may share; null for <c>.latents</c> in the output folder.</summary>
    [MayChange]
    public string? Cache { get; init; }
}

public enum OwnPairKind { Auto, Parquet, Folder, Jsonl }

public enum TieRule { Drop, Judged, Keep }

public enum CropRule { Center, Random }

public enum SizeConditioningRule { Constant, Image }
