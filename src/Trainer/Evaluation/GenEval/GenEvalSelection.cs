namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>Which of a detector's objects count.</summary>
public static class GenEvalSelection
{
    /// <summary>
    /// Of each class the objects above the threshold, the surest first, at most <see cref="GenEvalOptions.MaxObjects"/>; then, from the surest
    /// on, those are dropped that overlap one that stays. Classes do not suppress each other.
    /// </summary>
    /// <param name="tag">The prompt's tag: counting has its own threshold, for all classes.</param>
    /// <param name="detections">All that was seen in an image. Of equal scores the later one goes first; a score that is no number never counts.</param>
    /// <param name="options">Thresholds and limits.</param>
    /// <returns>By class; a class without an object is not there.</returns>
    public static IReadOnlyDictionary<string, IReadOnlyList<GenEvalDetection>> Keep(
        string tag, IEnumerable<GenEvalDetection> detections, GenEvalOptions options)
    {
        // Scores are float32 and compared as such: in float64 a score of 0.3f would be greater than 0.3.
        var threshold = (float)(tag == GenEvalTags.Counting ? options.CountingThreshold : options.Threshold);
        return detections.Where(d => d.Score > threshold).Reverse().GroupBy(d => d.Class, StringComparer.Ordinal).ToDictionary(
            ofClass => ofClass.Key,
            ofClass => Suppress([.. ofClass.OrderByDescending(d => d.Score).Take(options.MaxObjects)], options.MaxOverlap),
            StringComparer.Ordinal);
    }

    static IReadOnlyList<GenEvalDetection> Suppress(IReadOnlyList<GenEvalDetection> surestFirst, double maxOverlap)
    {
        if (maxOverlap == 1) return surestFirst;
        var kept = new List<GenEvalDetection>();
        foreach (var detection in surestFirst)
            if (kept.TrueForAll(k => GenEvalBox.Overlap(k.Box, detection.Box) < maxOverlap)) kept.Add(detection);
        return kept;
    }
}
