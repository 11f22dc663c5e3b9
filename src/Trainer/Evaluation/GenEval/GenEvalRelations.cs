namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>Where one object lies as seen from another.</summary>
public static class GenEvalRelations
{
    public const string LeftOf = "left of", RightOf = "right of", Above = "above", Below = "below";

    /// <summary>All relations there are.</summary>
    public static IReadOnlyList<string> Names { get; } = [LeftOf, RightOf, Above, Below];

    /// <summary>An offset that is smaller in both directions is none, in pixels.</summary>
    const float Nothing = 1e-3f;

    /// <summary>
    /// A relation holds if more than half of the distance between the centres lies in its direction, after the part that the objects' sizes
    /// explain is taken off. Two relations hold on a diagonal, none where the objects are nearly concentric. float32 throughout, as the
    /// detector's boxes are.
    /// </summary>
    /// <param name="a">The object.</param>
    /// <param name="b">The one it is seen from.</param>
    /// <param name="threshold">Share of both widths (heights) that is taken off the offset.</param>
    /// <returns>Left or right before above or below.</returns>
    public static IReadOnlyList<string> Between(GenEvalBox a, GenEvalBox b, double threshold)
    {
        var (x, reducedX) = Offset(a.Left, a.Right, b.Left, b.Right, (float)threshold);
        var (y, reducedY) = Offset(a.Top, a.Bottom, b.Top, b.Bottom, (float)threshold);
        if (MathF.Abs(reducedX) < Nothing && MathF.Abs(reducedY) < Nothing) return [];

        // The length is that of the offset before the reduction.
        var length = MathF.Sqrt(x * x + y * y);
        var relations = new List<string>();
        if (reducedX / length < -0.5f) relations.Add(LeftOf);
        if (reducedX / length > 0.5f) relations.Add(RightOf);
        if (reducedY / length < -0.5f) relations.Add(Above);
        if (reducedY / length > 0.5f) relations.Add(Below);
        return relations;
    }

    static (float Offset, float Reduced) Offset(float lowA, float highA, float lowB, float highB, float threshold)
    {
        var offset = (lowA + highA) / 2 - (lowB + highB) / 2;
        var sizes = MathF.Abs(highA - lowA) + MathF.Abs(highB - lowB);
        return (offset, MathF.Max(MathF.Abs(offset) - threshold * sizes, 0) * Sign(offset));
    }

    static float Sign(float value) => value > 0 ? 1 : value < 0 ? -1 : 0;
}
