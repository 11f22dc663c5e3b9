namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>What a prompt costs a GPU in each stage, in TFLOP; docs/scaling.md has the account.</summary>
sealed record PromptCost(string Model, double Sample, double Score, double Train)
{
    /// <summary>512 x 512, k = 4, 20 steps from the fifth on: 65 guided UNet evaluations, 64 decodes and CLIP passes, 16 pairs that share x_t.</summary>
    public static PromptCost Sd15 { get; } = new("sd15", 65 * 2 * 0.68, 64 * (2.5 + 0.33), 16 * 2 * 4 * 0.68);

    /// <summary>1024 x 1024, k = 2, 20 steps from the fifth on in segments of 4: 37 guided evaluations, 8 decodes and CLIP passes, 28 trained x_t.</summary>
    public static PromptCost Sdxl { get; } = new("sdxl", 37 * 2 * 6.0, 8 * (10 + 0.33), 28 * 2 * 4 * 6.0);
}

/// <summary>
/// A run on many GPUs, with the real grains and stages that take a prompt's time on one, all times shortened alike: how busy each role is,
/// and where more GPUs are of no more use.
/// </summary>
static class Scaling
{
    const int Rounds = 7, Warm = 3;

    /// <param name="cost">The model.</param>
    /// <param name="gpus">GPUs, of which one trains.</param>
    /// <param name="teraflops">What one does in a second.</param>
    /// <param name="speedUp">How much shorter times are than on GPUs.</param>
    public static async Task<string> MeasureAsync(PromptCost cost, int gpus, double teraflops, double speedUp)
    {
        var (samplers, scorers) = Split(cost, gpus - 1);
        var delays = new StageDelays(Time(cost.Sample), Time(cost.Score), Time(cost.Train));
        var compute = new DelayCompute(delays);
        var items = Math.Max(16, 2 * samplers);
        await using var cluster = await Cluster.StartAsync(compute, ("trainer", 1), ("scorer", scorers), ("sampler", samplers)).ConfigureAwait(false);
        await cluster.RunAsync(DelayRuns.Of($"scaling-{cost.Model}-{gpus}", Rounds, items, staleness: 1), DelayRuns.Prompts(items)).ConfigureAwait(false);
        var ends = compute.RoundEnds.ToArray();
        var seconds = TimeProvider.System.GetElapsedTime(ends[Warm - 1], ends[^1]).TotalSeconds;
        var rate = (Rounds - Warm) * items / seconds;
        return FormattableString.Invariant(
            $"| {cost.Model} | {gpus} | {samplers} / {scorers} / 1 | {items} | {3600 * rate / speedUp:f0} | {Busy(delays.Sample, samplers)} | {Busy(delays.Score, scorers)} | {Busy(delays.Train, 1)} |");

        TimeSpan Time(double teraflop) => TimeSpan.FromSeconds(teraflop / teraflops / speedUp);
        string Busy(TimeSpan stage, int devices) => FormattableString.Invariant($"{100 * rate * stage.TotalSeconds / devices:f0} %");
    }

    /// <summary>The others than the trainer, shared between sampling and scoring as their costs are.</summary>
    static (int Samplers, int Scorers) Split(PromptCost cost, int gpus)
    {
        var samplers = Math.Clamp((int)Math.Round(gpus * cost.Sample / (cost.Sample + cost.Score)), 1, gpus - 1);
        return (samplers, gpus - samplers);
    }
}
