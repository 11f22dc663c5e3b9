using System.Globalization;
using System.Text;

namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>GenEval's numbers of a set of results (<c>summary_scores.py</c>).</summary>
/// <param name="Images">How many images were judged.</param>
/// <param name="Prompts">Of how many prompts; the same prompt in two folders is one.</param>
/// <param name="CorrectImages">Share of images that are right.</param>
/// <param name="CorrectPrompts">Share of prompts of which an image is right.</param>
/// <param name="Tags">By tag, in the order of first appearance.</param>
/// <param name="Overall">The headline: the mean of the tags' shares, however many images each has.</param>
public sealed record GenEvalSummary(
    int Images, int Prompts, double CorrectImages, double CorrectPrompts, IReadOnlyList<GenEvalTagScore> Tags, double Overall)
{
    /// <exception cref="ArgumentException">There are no results.</exception>
    public static GenEvalSummary Of(IReadOnlyCollection<GenEvalResult> results)
    {
        if (results.Count == 0) throw new ArgumentException("There are no results to summarise.", nameof(results));
        var prompts = results.GroupBy(r => r.Metadata, StringComparer.Ordinal).Select(p => p.Any(r => r.Correct)).ToArray();
        GenEvalTagScore[] tags = [.. results.GroupBy(r => r.Tag, StringComparer.Ordinal)
            .Select(t => new GenEvalTagScore(t.Key, t.Count(r => r.Correct), t.Count()))];
        return new GenEvalSummary(
            results.Count, prompts.Length, Share(results.Count(r => r.Correct), results.Count), Share(prompts.Count(right => right), prompts.Length),
            tags, tags.Average(t => t.Share));
    }

    /// <summary>The original's report, to the letter.</summary>
    public string Print()
    {
        var invariant = CultureInfo.InvariantCulture;
        var text = new StringBuilder()
            .Append("Summary\n=======\n")
            .Append(invariant, $"Total images: {Images}\nTotal prompts: {Prompts}\n")
            .Append(invariant, $"% correct images: {100 * CorrectImages:F2}%\n% correct prompts: {100 * CorrectPrompts:F2}%\n\n")
            .Append("Task breakdown\n==============\n");
        foreach (var tag in Tags) text.Append(invariant, $"{tag.Tag,-16} = {100 * tag.Share:F2}% ({tag.Correct} / {tag.Images})\n");
        return text.Append(invariant, $"\nOverall score (avg. over tasks): {Overall:F5}\n").ToString();
    }

    internal static double Share(int correct, int all) => (double)correct / all;
}

/// <summary>The images of one tag.</summary>
/// <param name="Tag">See <see cref="GenEvalTags"/>.</param>
/// <param name="Correct">How many are right.</param>
/// <param name="Images">Of how many.</param>
public sealed record GenEvalTagScore(string Tag, int Correct, int Images)
{
    public double Share => GenEvalSummary.Share(Correct, Images);
}
