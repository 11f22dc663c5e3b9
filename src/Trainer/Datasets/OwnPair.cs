namespace SpoActors.Trainer.Datasets;

/// <summary>A row of a user's data set: a prompt and two images of which the first is the better one.</summary>
/// <param name="Caption">The prompt, as the data set holds it; may be empty.</param>
/// <param name="First">The preferred image; of a tie, the one that stands first.</param>
/// <param name="Second">The other image.</param>
/// <param name="Label">Probability that the first image is preferred: 1, or 0.5 for a tie.</param>
public sealed record OwnPair(string Caption, ImageOrigin First, ImageOrigin Second, double Label)
{
    /// <summary>In the order of preference, whatever the order of the file.</summary>
    /// <param name="caption">The prompt.</param>
    /// <param name="image0">The file's first image.</param>
    /// <param name="image1">Its second image.</param>
    /// <param name="label0">1, 0 or 0.5: the share of the first.</param>
    public static OwnPair Of(string caption, ImageOrigin image0, ImageOrigin image1, double label0) =>
        label0 < 0.5 ? new(caption, image1, image0, 1 - label0) : new(caption, image0, image1, label0);

    /// <summary>Whether a label is one of the three there are.</summary>
    internal static bool IsLabel(double label) => label is 0 or 0.5 or 1;
}
