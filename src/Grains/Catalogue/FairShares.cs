namespace SpoActors.Grains.Catalogue;

/// <summary>How many of the cluster's workers of a role each run should have.</summary>
static class FairShares
{
    /// <summary>Divides workers by weight; what cannot be divided goes to the largest remainders, the oldest run first.</summary>
    /// <param name="workers">Workers there are.</param>
    /// <param name="weights">By run, the oldest first; 0 for a run that can use none now.</param>
    /// <returns>Shares in the same order, whose sum is the number of workers unless no run can use any.</returns>
    public static IReadOnlyList<int> Of(int workers, IReadOnlyList<int> weights)
    {
        var total = weights.Sum();
        if (total == 0) return [.. weights.Select(_ => 0)];
        var shares = weights.Select(w => Math.DivRem((long)workers * w, total)).Select((d, index) => (Share: (int)d.Quotient, d.Remainder, Index: index)).ToArray();
        var left = workers - shares.Sum(s => s.Share);
        var favoured = shares.OrderByDescending(s => s.Remainder).ThenBy(s => s.Index).Take(left).Select(s => s.Index).ToHashSet();
        return [.. shares.Select(s => s.Share + (favoured.Contains(s.Index) ? 1 : 0))];
    }
}
