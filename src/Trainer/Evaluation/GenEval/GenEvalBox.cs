namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>Where a detector saw an object, in pixels; y grows downwards. The edges are those of the detector: not rounded, not cut to the picture.</summary>
public readonly record struct GenEvalBox(float Left, float Top, float Right, float Bottom)
{
    /// <summary>
    /// Intersection over union, areas in whole pixels: both edge pixels count, so a box from 0 to 9 is 10 wide. Edges are subtracted in
    /// float32, as the detector gives them, the rest is float64.
    /// </summary>
    public static double Overlap(GenEvalBox a, GenEvalBox b)
    {
        var shared = new GenEvalBox(Math.Max(a.Left, b.Left), Math.Max(a.Top, b.Top), Math.Min(a.Right, b.Right), Math.Min(a.Bottom, b.Bottom)).Area;
        var union = a.Area + b.Area - shared;
        return union == 0 ? 0 : shared / union;
    }

    double Area => Math.Max((Right - Left) + 1.0, 0) * Math.Max((Bottom - Top) + 1.0, 0);
}
