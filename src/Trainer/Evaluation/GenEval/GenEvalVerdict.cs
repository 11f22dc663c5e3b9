namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>Whether an image shows what its prompt asks for.</summary>
/// <param name="Correct">All that is asked for is there, nothing that is excluded.</param>
/// <param name="Reason">What is wrong, a line each; empty if nothing is.</param>
/// <param name="Kept">The objects that counted, by class, the surest first.</param>
public sealed record GenEvalVerdict(bool Correct, string Reason, IReadOnlyDictionary<string, IReadOnlyList<GenEvalDetection>> Kept)
{
    /// <summary>
    /// Judges an image by GenEval's rules (Ghosh et al., arXiv 2310.11513; <c>evaluate_images.py</c>). They are peculiar, and
    /// published numbers are made with them: a count is a lower bound (the prompt's exclusion makes it exact), and colour and position are asked
    /// of the surest objects only.
    /// </summary>
    /// <param name="prompt">What is asked for.</param>
    /// <param name="detections">What a detector saw, in any order; objects whose colour is asked for need one.</param>
    /// <param name="options">Thresholds; null: the scorer's own.</param>
    /// <exception cref="InvalidDataException">An object whose colour is asked for has none.</exception>
    public static GenEvalVerdict Of(GenEvalPrompt prompt, IEnumerable<GenEvalDetection> detections, GenEvalOptions? options = null)
    {
        options ??= GenEvalOptions.Default;
        var kept = GenEvalSelection.Keep(prompt.Tag, detections, options);
        var reasons = new List<string>();

        // What later objects are seen from; null where an object is not as it was asked for.
        var found = new List<IReadOnlyList<GenEvalDetection>?>();
        foreach (var asked in prompt.Include)
        {
            GenEvalDetection[] surest = [.. kept.GetValueOrDefault(asked.Class, []).Take(asked.Count)];
            var failure = Count(asked, surest) ?? Color(asked, surest) ?? Position(asked, surest, found, options.PositionThreshold);
            if (failure is not null) reasons.Add(failure);
            found.Add(failure is null ? surest : null);
        }
        foreach (var excluded in prompt.Exclude)
            if (kept.GetValueOrDefault(excluded.Class, []).Count is var count && count >= excluded.Count)
                reasons.Add($"expected {excluded.Class}<{excluded.Count}, found {count}");
        return new GenEvalVerdict(reasons.Count == 0, string.Join('\n', reasons), kept);
    }

    static string? Count(GenEvalObject asked, GenEvalDetection[] surest) =>
        surest.Length < asked.Count ? $"expected {asked.Class}>={asked.Count}, found {surest.Length}" : null;

    static string? Color(GenEvalObject asked, GenEvalDetection[] surest)
    {
        if (asked.Color is null) return null;
        var colors = surest.Select(d => d.Color ?? throw new InvalidDataException(
            $"The {d.Class} at {d.Box} has no colour, but the prompt asks for {asked.Color}: classify its crop first.")).ToArray();
        var right = colors.Count(c => c == asked.Color);
        if (right >= asked.Count) return null;
        // In the order of the classifier; colours that it does not know come last.
        var all = GenEvalColors.Names.Union(colors).Where(colors.Contains).Select(name => $"{colors.Count(c => c == name)} {name}");
        return $"expected {asked.Color} {asked.Class}>={asked.Count}, found {right} {asked.Color}; and {string.Join(", ", all)}";
    }

    static string? Position(GenEvalObject asked, GenEvalDetection[] surest, List<IReadOnlyList<GenEvalDetection>?> found, double threshold)
    {
        if (asked.Position is not { } position) return null;
        if (found[position.Target] is not { } targets) return $"no target for {asked.Class} to be {position.Relation}";
        foreach (var detection in surest)
        {
            foreach (var target in targets)
            {
                var relations = GenEvalRelations.Between(detection.Box, target.Box, threshold);
                if (!relations.Contains(position.Relation))
                    return $"expected {asked.Class} {position.Relation} target, found {string.Join(" and ", relations)} target";
            }
        }
        return null;
    }
}
