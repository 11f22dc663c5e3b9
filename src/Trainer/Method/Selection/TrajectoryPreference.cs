namespace SpoActors.Trainer.Method.Selection;

/// <summary>Which of two trajectories is better, by the rewards of their images (D3PO, arXiv 2311.13231; yk7333/d3po, train_d3po.py compare).</summary>
public static class TrajectoryPreference
{
    /// <summary>
    /// 1 where the first is better, -1 where the second is, 0 where neither: one is better if none of its rewards is smaller and one is
    /// larger. With one reward each it is the larger one's.
    /// </summary>
    /// <exception cref="ArgumentException">The trajectories have different numbers of rewards.</exception>
    public static int Of(ReadOnlySpan<float> first, ReadOnlySpan<float> second)
    {
        if (first.Length != second.Length) throw new ArgumentException($"the trajectories have {first.Length} and {second.Length} rewards; expected as many of each");
        bool isLarger = false, isSmaller = false;
        for (var i = 0; i < first.Length; i++)
        {
            isLarger |= first[i] > second[i];
            isSmaller |= first[i] < second[i];
        }
        return isLarger == isSmaller ? 0 : isLarger ? 1 : -1;
    }
}
