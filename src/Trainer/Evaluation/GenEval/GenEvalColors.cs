namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>The colours that GenEval knows, and how they are told from a crop: CLIP's zero-shot classification.</summary>
public static class GenEvalColors
{
    /// <summary>In the order of a classifier's scores and of messages.</summary>
    public static IReadOnlyList<string> Names { get; } =
        ["red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"];

    /// <summary>The three texts of a colour; the classifier's weight is the mean of their normalised embeddings, normalised.</summary>
    /// <param name="color">A colour.</param>
    /// <param name="class">The object's class.</param>
    public static IReadOnlyList<string> Texts(string color, string @class) =>
        [$"a photo of a {color} {@class}", $"a photo of a {color}-colored {@class}", $"a photo of a {color} object"];

    /// <summary>The colour with the largest score; of equal ones the first.</summary>
    /// <param name="scores">One for each of <see cref="Names"/>.</param>
    /// <exception cref="ArgumentException">There are more or fewer, or one is no number.</exception>
    public static string Surest(IReadOnlyList<float> scores)
    {
        if (scores.Count != Names.Count)
            throw new ArgumentException($"{scores.Count} colour scores; expected {Names.Count}, one each for {string.Join(", ", Names)}.", nameof(scores));
        var best = 0;
        for (var i = 0; i < scores.Count; i++)
        {
            if (float.IsNaN(scores[i])) throw new ArgumentException($"The score of {Names[i]} is NaN: the classifier or the crop is broken.", nameof(scores));
            if (scores[i] > scores[best]) best = i;
        }
        return Names[best];
    }
}
