using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Selection;

/// <summary>Which two candidates of each prompt make a pair, and whether it is one worth training on (paper section 4.2).</summary>
/// <param name="Win">Index in 0..K-1 of the better candidate of each prompt.</param>
/// <param name="Lose">Index of the worse one.</param>
/// <param name="IsValid">Whether their probabilities to win differ by more than the threshold.</param>
/// <param name="Gap">p_win - p_lose, NaN where a score is.</param>
public sealed record PairSelection(long[] Win, long[] Lose, bool[] IsValid, float[] Gap)
{
    /// <summary>Whether a prompt's two candidates are equally good.</summary>
    public bool IsTie(int prompt) => Gap[prompt] == 0;

    /// <summary>The best and the worst of all candidates. Of equal scores the lowest index is best, the highest worst; NaN is the largest.</summary>
    /// <param name="scores_KB">float32 scores, [candidates, prompts].</param>
    /// <param name="threshold">Smallest difference of the probabilities, exclusive.</param>
    /// <param name="scale">Logits of a difference of 1 between two scores (<see cref="Judges.IJudge.Scale"/>).</param>
    public static PairSelection BestAndWorst(Tensor scores_KB, double threshold, double scale = 1)
    {
        var scores = ToArray(scores_KB, out var candidates, out var prompts);
        var (win, lose) = (new long[prompts], new long[prompts]);
        for (var b = 0; b < prompts; b++)
        {
            var (best, worst) = (0, 0);
            for (var k = 1; k < candidates; k++)
            {
                if (Ranks(scores[k, b], scores[best, b]) > 0) best = k;
                if (Ranks(scores[k, b], scores[worst, b]) <= 0) worst = k;
            }
            (win[b], lose[b]) = (best, worst);
        }
        return Judge(scores, win, lose, threshold, scale);
    }

    /// <summary>Two given candidates of each prompt (the ablation with random pairs); the first one wins a tie.</summary>
    /// <param name="scores_KB">float32 scores, [candidates, prompts].</param>
    /// <param name="drawn">Two distinct candidates of each prompt.</param>
    /// <param name="threshold">Smallest difference of the probabilities, exclusive.</param>
    /// <param name="scale">Logits of a difference of 1 between two scores (<see cref="Judges.IJudge.Scale"/>).</param>
    public static PairSelection OfTwo(Tensor scores_KB, IReadOnlyList<(long First, long Second)> drawn, double threshold, double scale = 1)
    {
        var scores = ToArray(scores_KB, out var candidates, out var prompts);
        if (drawn.Count != prompts)
            throw new ArgumentException($"{drawn.Count} pairs of candidates were drawn for {prompts} prompts.", nameof(drawn));
        var (win, lose) = (new long[prompts], new long[prompts]);
        for (var b = 0; b < prompts; b++)
        {
            var (first, second) = drawn[b];
            if (first == second || first < 0 || second < 0 || first >= candidates || second >= candidates)
                throw new ArgumentException($"Candidates {first} and {second} were drawn for prompt {b}; expected two distinct ones of {candidates}.", nameof(drawn));
            (win[b], lose[b]) = Ranks(scores[second, b], scores[first, b]) > 0 ? (second, first) : (first, second);
        }
        return Judge(scores, win, lose, threshold, scale);
    }

    static float[,] ToArray(Tensor scores_KB, out int candidates, out int prompts)
    {
        if (scores_KB.dim() != 2 || scores_KB.shape[0] < 2)
            throw new ArgumentException($"Scores have the shape [{string.Join(", ", scores_KB.shape)}]; expected [candidates, prompts] " +
                "with at least two candidates.", nameof(scores_KB));
        (candidates, prompts) = ((int)scores_KB.shape[0], (int)scores_KB.shape[1]);
        using var scope = NewDisposeScope();
        var flat = scores_KB.detach().cpu().to_type(ScalarType.Float32).contiguous().data<float>().ToArray();
        var scores = new float[candidates, prompts];
        Buffer.BlockCopy(flat, 0, scores, 0, flat.Length * sizeof(float));
        return scores;
    }

    // The order of torch.sort: NaN above everything, and equal to itself.
    static int Ranks(float a, float b)
    {
        if (float.IsNaN(a) || float.IsNaN(b)) return float.IsNaN(a).CompareTo(float.IsNaN(b));
        return a.CompareTo(b);
    }

    static PairSelection Judge(float[,] scores, long[] win, long[] lose, double threshold, double scale)
    {
        var prompts = win.Length;
        var two_2B = new float[2, prompts];
        for (var b = 0; b < prompts; b++) (two_2B[0, b], two_2B[1, b]) = ((float)scale * scores[win[b], b], (float)scale * scores[lose[b], b]);
        using var scope = NewDisposeScope();
        // Torch's own float32 softmax, and its float32 comparison: at the threshold the last bit decides.
        var probabilities_2B = tensor(two_2B).softmax(0);
        var gap = (probabilities_2B[0] - probabilities_2B[1]).data<float>().ToArray();
        return new PairSelection(win, lose, [.. gap.Select(g => g > (float)threshold)], gap);
    }
}
