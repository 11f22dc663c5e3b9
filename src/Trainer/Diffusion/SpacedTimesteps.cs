namespace SpoActors.Trainer.Diffusion;

/// <summary>The timesteps of a trajectory that is shorter than training's, from noisy to clean (arXiv 2305.08891, table 2).</summary>
static class SpacedTimesteps
{
    /// <summary>
    /// Whole timesteps, as DDIM, DDPM and Euler (leading, trailing) choose them. As in diffusers, leading spacing with as many steps as
    /// timesteps and an offset begins past the table of training; what has no noise level there fails at that step.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The number of steps is not in 1 .. training timesteps.</exception>
    public static long[] Of(SchedulerConfig config, TimestepSpacing spacing, int steps)
    {
        CheckSteps(config, steps);
        return spacing switch
        {
            TimestepSpacing.Linspace => [.. Linspace(0, config.NumTrainTimesteps - 1, steps).Select(Round).Reverse()],
            TimestepSpacing.Leading => Leading(steps, config.NumTrainTimesteps / steps, first: 0, config.StepsOffset),
            TimestepSpacing.Trailing => Trailing(config.NumTrainTimesteps, steps),
            _ => throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "unknown timestep spacing"),
        };
    }

    /// <summary>DPM-Solver's choice: linspace and leading divide by one step more and leave the smallest timestep out.</summary>
    /// <inheritdoc cref="Of"/>
    public static long[] OfDpmSolver(SchedulerConfig config, TimestepSpacing spacing, int steps)
    {
        CheckSteps(config, steps);
        return spacing switch
        {
            TimestepSpacing.Linspace => [.. Linspace(0, config.NumTrainTimesteps - 1, steps + 1).Skip(1).Select(Round).Reverse()],
            TimestepSpacing.Leading => OfDpmSolver(config, steps),
            TimestepSpacing.Trailing => Trailing(config.NumTrainTimesteps, steps),
            _ => throw new ArgumentOutOfRangeException(nameof(spacing), spacing, "unknown timestep spacing"),
        };
    }

    /// <summary>Evenly spaced values from low to high, both included.</summary>
    public static double[] Linspace(double low, double high, int count)
    {
        if (count == 1) return [low];
        var step = (high - low) / (count - 1);
        var values = new double[count];
        for (var i = 0; i < count; i++) values[i] = low + i * step;
        values[^1] = high;
        return values;
    }

    static long[] OfDpmSolver(SchedulerConfig config, int steps)
    {
        var ratio = Math.Max(config.NumTrainTimesteps / (steps + 1), 1);
        // With as many steps as timesteps the offset would lead past the table's end.
        return Leading(steps, ratio, first: 1, Math.Min(config.StepsOffset, config.NumTrainTimesteps - 1 - (long)steps * ratio));
    }

    static long[] Leading(int steps, int ratio, int first, long offset) => [.. Enumerable.Range(first, steps).Reverse().Select(i => (long)i * ratio + offset)];

    /// <summary>For steps that look a timestep up in the tables of training.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is past their end.</exception>
    public static int InTable(SchedulerConfig config, long timestep) => timestep < config.NumTrainTimesteps ? (int)timestep : throw new ArgumentOutOfRangeException(
        nameof(timestep), timestep,
        $"timestep {timestep} is past the {config.NumTrainTimesteps} of training (0 to {config.NumTrainTimesteps - 1}): leading spacing with steps_offset {config.StepsOffset} " +
        "and as many steps as timesteps begins there, as in diffusers; take fewer steps, or another spacing");

    static long[] Trailing(int trainTimesteps, int steps)
    {
        // numpy.arange(n, 0, -n / steps): its increment is the difference of the first two values.
        var increment = trainTimesteps - (double)trainTimesteps / steps - trainTimesteps;
        return [.. Enumerable.Range(0, steps).Select(i => Round(trainTimesteps + i * increment) - 1)];
    }

    static long Round(double value) => (long)Math.Round(value, MidpointRounding.ToEven);

    static void CheckSteps(SchedulerConfig config, int steps)
    {
        if (steps < 1 || steps > config.NumTrainTimesteps)
            throw new ArgumentOutOfRangeException(nameof(steps), steps,
                $"the number of denoising steps is {steps}; expected 1 to {config.NumTrainTimesteps}, the timesteps of training");
    }
}
