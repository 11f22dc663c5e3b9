namespace SpoActors.Specification.Validation;

/// <summary>Checks the section <c>data</c> of a run; what is inside the files, the reader of the data set checks.</summary>
static class OwnPairChecks
{
    const int SideUnit = 8, LargestSide = 8192;

    /// <param name="data">The section.</param>
    /// <param name="isUsed">Whether the run trains from own pairs.</param>
    /// <param name="found">Problems go here.</param>
    /// <param name="files">Whether the paths must exist on this machine.</param>
    public static void Check(OwnPairSpecification data, bool isUsed, Findings found, bool files)
    {
        if (isUsed) found.Path("data.path", data.Path, files, "a parquet file or a folder of them, a folder with w/ and l/, or a .jsonl file");
        if (data.Limit is { } limit) found.Range("data.limit", limit, 1, int.MaxValue, "null takes all pairs.");
        if (data.Resolution is { } side && (side is < SideUnit or > LargestSide || side % SideUnit != 0))
            found.Add("data.resolution", side, $"a multiple of {SideUnit} from {SideUnit} to {LargestSide}, or null", "null takes the model's own size.");
        if (files && data.Cache is { } cache && File.Exists(cache)) found.Add("data.cache", $"'{cache}', which is a file", "a folder, or null", "It is made where there is none.");
    }
}
