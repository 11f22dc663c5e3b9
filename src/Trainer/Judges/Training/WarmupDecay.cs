namespace SpoActors.Trainer.Judges.Training;

/// <summary>How the learning rate rises at the start.</summary>
public enum WarmupShape
{
    /// <summary>In equal steps, from 1 / n to 1.</summary>
    Linear,

    /// <summary>
    /// As the original really ran: step 0 at the full rate, step 1 at exactly 0, then with the logarithm of the step. It comes of a
    /// scheduler that moves after the optimizer and a warm-up whose default shape is logarithmic.
    /// </summary>
    LogarithmicAsRecorded,
}

/// <summary>Warm-up, then linear decay to 0.</summary>
/// <param name="Peak">Largest learning rate.</param>
/// <param name="WarmupSteps">Optimizer steps until it is reached.</param>
/// <param name="TotalSteps">Steps until the rate is 0.</param>
/// <param name="Shape">How it rises.</param>
public sealed record WarmupDecay(double Peak, int WarmupSteps, int TotalSteps, WarmupShape Shape)
{
    /// <summary>The rate of an optimizer step, counted from 0.</summary>
    public double At(int step)
    {
        if (Shape == WarmupShape.Linear) return Peak * Math.Min((step + 1.0) / WarmupSteps, Decay(step));
        if (step == 0) return Peak;
        var before = step - 1;
        return Peak * (before < WarmupSteps ? Math.Log(before + 1) / Math.Log(WarmupSteps) : Decay(before));
    }

    double Decay(int step) => Math.Clamp((TotalSteps - step) / (double)Math.Max(TotalSteps - WarmupSteps, 1), 0, 1);
}
