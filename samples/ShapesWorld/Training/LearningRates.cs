namespace SpoActors.ShapesWorld.Training;

/// <summary>Learning rates over a stage of known length.</summary>
public static class LearningRates
{
    /// <summary>Half a cosine up to the peak during <paramref name="warmup"/> of the steps, half a cosine down to 1/1000 of it.</summary>
    public static double OneCycle(int step, int steps, double peak, double warmup = 0.1)
    {
        const double start = 1 / 25.0, end = 1 / 1000.0;
        var rise = Math.Max(1, warmup * steps);
        return step < rise
            ? peak * Between(start, 1, step / rise)
            : peak * Between(1, end, (step - rise) / Math.Max(1, steps - rise));
    }

    static double Between(double from, double to, double share) => to + (from - to) * (1 + Math.Cos(Math.PI * Math.Min(share, 1))) / 2;
}
