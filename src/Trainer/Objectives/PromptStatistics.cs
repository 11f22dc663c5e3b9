namespace SpoActors.Trainer.Objectives;

/// <summary>
/// DDPO's advantages (arXiv 2305.13301, section 5.1; kvablack/ddpo-pytorch, stat_tracking.py): rewards normalised by the mean and the
/// standard deviation that the same prompt's rewards had lately.
/// </summary>
/// <remarks>
/// Standard deviations are those of the population. Sums are float64: a float32 mean of equal rewards may be off by a rounding, which
/// divided by 1e-8 is a large advantage where none is due.
/// </remarks>
public sealed class PromptStatistics
{
    readonly Dictionary<string, List<float>> buffers = new(StringComparer.Ordinal);
    readonly int bufferSize, minimum;

    /// <param name="bufferSize">Rewards of a prompt that are remembered.</param>
    /// <param name="minimum">Rewards of a prompt from which its own statistics count; before, the round's do.</param>
    public PromptStatistics(int bufferSize, int minimum)
    {
        if (bufferSize < 1) throw new ArgumentOutOfRangeException(nameof(bufferSize), bufferSize, $"statistics_buffer is {bufferSize}; expected 1 or more");
        if (minimum < 1) throw new ArgumentOutOfRangeException(nameof(minimum), minimum, $"statistics_minimum is {minimum}; expected 1 or more");
        (this.bufferSize, this.minimum) = (bufferSize, minimum);
    }

    /// <summary>Advantages without statistics of prompts: (r - mean) / (std + 1e-8) over the round.</summary>
    /// <exception cref="ArgumentException">A reward is not finite.</exception>
    public static float[] OfRound(IReadOnlyList<float> rewards)
    {
        CheckFinite(rewards);
        return Normalize(rewards, rewards, 1e-8);
    }

    /// <summary>Takes in a round's rewards and gives their advantages, (r - mean) / (std + 1e-6) over the prompt's buffer.</summary>
    /// <param name="prompts">The prompt of each reward, as text.</param>
    /// <param name="rewards">The rewards of all images of the round, in an order that does not depend on their arrival.</param>
    /// <exception cref="ArgumentException">A reward is not finite, or their number is not that of the prompts.</exception>
    public float[] Update(IReadOnlyList<string> prompts, IReadOnlyList<float> rewards)
    {
        if (prompts.Count != rewards.Count) throw new ArgumentException($"there are {rewards.Count} rewards of {prompts.Count} prompts; expected one each", nameof(rewards));
        CheckFinite(rewards);
        var advantages = new float[rewards.Count];
        foreach (var group in Enumerable.Range(0, prompts.Count).GroupBy(i => prompts[i], StringComparer.Ordinal))
        {
            var buffer = buffers.TryGetValue(group.Key, out var known) ? known : buffers[group.Key] = [];
            // The new rewards belong to the statistics that they are normalised by.
            buffer.AddRange(group.Select(i => rewards[i]));
            if (buffer.Count > bufferSize) buffer.RemoveRange(0, buffer.Count - bufferSize);
            var own = Normalize([.. group.Select(i => rewards[i])], buffer.Count < minimum ? rewards : buffer, 1e-6);
            foreach (var (i, advantage) in group.Zip(own)) advantages[i] = advantage;
        }
        return advantages;
    }

    /// <summary>Mean, standard deviation and number of a prompt's remembered rewards; zeros for one not seen yet.</summary>
    public (double Mean, double Std, int Count) Of(string prompt)
    {
        if (!buffers.TryGetValue(prompt, out var buffer)) return (0, 0, 0);
        var (mean, std) = MeanAndStd(buffer);
        return (mean, std, buffer.Count);
    }

    /// <summary>Everything a resumed run needs: the remembered rewards of every prompt, oldest first.</summary>
    public IReadOnlyDictionary<string, float[]> Save() => buffers.ToDictionary(b => b.Key, b => b.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>Goes back to a saved state.</summary>
    /// <exception cref="ArgumentException">A prompt has more rewards than are remembered.</exception>
    public void Load(IReadOnlyDictionary<string, float[]> saved)
    {
        if (saved.FirstOrDefault(s => s.Value.Length > bufferSize) is { Key: { } prompt } full)
            throw new ArgumentException($"the saved statistics hold {full.Value.Length} rewards of '{prompt}'; expected at most {bufferSize} (objective.statistics_buffer)", nameof(saved));
        buffers.Clear();
        foreach (var (key, rewards) in saved) buffers[key] = [.. rewards];
    }

    static float[] Normalize(IReadOnlyList<float> rewards, IReadOnlyList<float> population, double tiny)
    {
        var (mean, std) = MeanAndStd(population);
        return [.. rewards.Select(r => (float)((r - mean) / (std + tiny)))];
    }

    static (double Mean, double Std) MeanAndStd(IReadOnlyList<float> values)
    {
        var mean = values.Average(v => (double)v);
        return (mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }

    static void CheckFinite(IReadOnlyList<float> rewards)
    {
        if (rewards.Any(r => !float.IsFinite(r)))
            throw new ArgumentException($"{rewards.Count(r => !float.IsFinite(r))} of {rewards.Count} rewards are not finite; the decoder or the judge overflowed: give it a wider number type", nameof(rewards));
    }
}
