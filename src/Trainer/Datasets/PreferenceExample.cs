namespace SpoActors.Trainer.Datasets;

/// <summary>Two images of one prompt and which of them people preferred.</summary>
/// <param name="Caption">The prompt.</param>
/// <param name="Image0">An encoded picture (JPEG, PNG, WebP).</param>
/// <param name="Image1">An encoded picture.</param>
/// <param name="Label0">1 if the first image won, 0 if it lost, 0.5 for a tie.</param>
/// <param name="Label1">1 - <paramref name="Label0"/>.</param>
/// <param name="ExamplesPerPrompt">How many examples the data set has of this prompt; the loss weighs an example by its reciprocal.</param>
public sealed record PreferenceExample(string Caption, byte[] Image0, byte[] Image1, double Label0, double Label1, int ExamplesPerPrompt = 1)
{
    public bool IsTie => Label0 == Label1;
}

/// <summary>An example without its images: what can be read of a large file in a moment.</summary>
/// <param name="Caption">The prompt.</param>
/// <param name="Label0">Label of the first image, unchecked.</param>
/// <param name="Label1">Label of the second image, unchecked.</param>
/// <param name="HasLabel">Whether anybody judged the pair; in files that do not say, whether it is no tie.</param>
/// <param name="ExamplesPerPrompt">At least 1.</param>
/// <param name="AreDifferent">False for two images that are one; true in files that do not say.</param>
/// <param name="Model0">What made the first image; empty in files that do not say.</param>
/// <param name="Model1">What made the second image.</param>
public sealed record PreferenceRow(string Caption, double Label0, double Label1, bool HasLabel, int ExamplesPerPrompt,
    bool AreDifferent = true, string Model0 = "", string Model1 = "")
{
    /// <summary>Whether the labels are two shares: 1 and 0, or 0.5 and 0.5.</summary>
    public bool IsPreference => Label0 >= 0 && Label1 >= 0 && Math.Abs(Label0 + Label1 - 1) < 1e-6;

    /// <summary>Neither a preference nor the two zeros of a pair that nobody judged.</summary>
    public bool IsWrong => !IsPreference && (HasLabel || Label0 != 0 || Label1 != 0);
}

/// <summary>A labelled pair, decoded.</summary>
/// <param name="Caption">The prompt.</param>
/// <param name="First">The first image, of any size.</param>
/// <param name="Second">The second image.</param>
/// <param name="Label0">Share of the first image.</param>
/// <param name="Label1">Share of the second image.</param>
/// <param name="ExamplesPerPrompt">How often the data set holds the prompt.</param>
public sealed record LabelledPair(string Caption, Imaging.PixelImage First, Imaging.PixelImage Second, double Label0, double Label1, int ExamplesPerPrompt = 1);
