namespace SpoActors.Trainer.Evaluation.Metrics;

/// <summary>
/// How well scores of one prompt's images agree with people's ranking of them, as HPSv2 (<c>train.py</c>) and ImageReward measure it. The
/// benchmark's number is the mean over prompts.
/// </summary>
public static class Hpsv2Ranking
{
    /// <summary>Place of each image when sorted by falling score, 0 the best; of equal scores the earlier image comes first.</summary>
    public static IReadOnlyList<int> Places(IReadOnlyList<double> scores)
    {
        var places = new int[scores.Count];
        foreach (var (place, image) in Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).Index()) places[image] = place;
        return places;
    }

    /// <summary>
    /// HPSv2's accuracy: 1 - the share of all pairs that are in the opposite order. A pair that people tied counts as right.
    /// </summary>
    /// <param name="places">Places of the images, all different (<see cref="Places"/>).</param>
    /// <param name="ranks">People's ranks, smaller is better; from 0 or 1, ties possible.</param>
    /// <exception cref="ArgumentException">The counts differ, or there are fewer than two images.</exception>
    public static double InversionScore(IReadOnlyList<int> places, IReadOnlyList<double> ranks)
    {
        Require(places.Count, ranks.Count);
        var inversions = Pairs(places.Count).Count(p => Order(places[p.I], places[p.J]) * Order(ranks[p.I], ranks[p.J]) < 0);
        return 1 - inversions / (places.Count * (places.Count - 1) / 2.0);
    }

    /// <summary>
    /// ImageReward's accuracy: the share, among the pairs that people did not tie, of those that the scores order alike; equal scores count as
    /// wrong. NaN where people tied all.
    /// </summary>
    /// <param name="scores">Scores of the images, larger is better.</param>
    /// <param name="ranks">People's ranks, smaller is better.</param>
    /// <exception cref="ArgumentException">The counts differ, or there are fewer than two images.</exception>
    public static double ImageRewardAccuracy(IReadOnlyList<double> scores, IReadOnlyList<double> ranks)
    {
        Require(scores.Count, ranks.Count);
        var untied = Pairs(scores.Count).Where(p => Order(ranks[p.I], ranks[p.J]) != 0).ToArray();
        return (double)untied.Count(p => Order(scores[p.I], scores[p.J]) * Order(ranks[p.I], ranks[p.J]) < 0) / untied.Length;
    }

    static IEnumerable<(int I, int J)> Pairs(int count) =>
        from i in Enumerable.Range(0, count) from j in Enumerable.Range(i + 1, count - i - 1) select (i, j);

    // NaN is in no order.
    static int Order(double a, double b) => a > b ? 1 : a < b ? -1 : 0;

    static void Require(int images, int ranks)
    {
        if (images != ranks || images < 2)
            throw new ArgumentException($"{images} images and {ranks} ranks; expected a rank for each of at least two images.");
    }
}
