namespace SpoActors.Trainer.Preference.Data;

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
