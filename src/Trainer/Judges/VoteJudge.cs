using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// The majority of several judges. In one call the images of a prompt compete: each member prefers one of every two, equal scores are half
/// a vote each. With w_a the mean over a's opponents of the votes for a, of M members, score_a = ln((w_a + 1) / (M - w_a + 1)) / 2. Of
/// two images that is Laplace's rule of succession for the chance that one more such judge would prefer a: v of M votes give
/// (v + 1) / (M + 2), so all of three 0.8, and two of three 0.6. A tie is a difference of 0.
/// </summary>
/// <param name="members">Owned; they look at the same input.</param>
/// <param name="batchSize">Images that a member scores together.</param>
public sealed class VoteJudge(IReadOnlyList<IJudge> members, int batchSize) : IJudge
{
    public string Name => $"vote of {string.Join(", ", members.Select(m => m.Name))}";

    public JudgeInput Input => members[0].Input;

    public bool KnowsTimestep => members.Any(m => m.KnowsTimestep);

    public bool ComparesWithinCall => true;

    public Device Device => members[0].Device;

    public double Scale => 1;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => MemberPrompts.Prepare(members, prompts);

    /// <summary>Relative to the other images of the same prompt in this call; 0 for an image alone, NaN where a member's scores are not finite.</summary>
    /// <inheritdoc/>
    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var parts = (MemberPrompts)prompts;
        var opinions = members.Select((member, m) => Opinion(member, inputs_BCHW, parts[m], timesteps_B)).ToArray();
        return tensor(Count(opinions, parts.Origins)).to(Device).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var member in members) member.Dispose();
    }

    /// <summary>The rule itself.</summary>
    /// <param name="opinions">Each member's scores, image by image.</param>
    /// <param name="origins">For each image its prompt.</param>
    internal static float[] Count(IReadOnlyList<float[]> opinions, IReadOnlyList<int> origins)
    {
        var scores = new float[origins.Count];
        foreach (var rivals in Enumerable.Range(0, origins.Count).GroupBy(i => origins[i]).Select(g => g.ToArray()))
            foreach (var a in rivals)
            {
                // An image alone has itself for a rival: everybody is undecided.
                var mean = rivals.Where(b => b != a || rivals.Length == 1).Average(b => opinions.Sum(o => Votes(o[a], o[b])));
                scores[a] = (float)(0.5 * Math.Log((mean + 1) / (opinions.Count - mean + 1)));
            }
        return scores;
    }

    static double Votes(float a, float b) => !float.IsFinite(a) || !float.IsFinite(b) ? double.NaN : a > b ? 1 : a < b ? 0 : 0.5;

    float[] Opinion(IJudge member, Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        var all = (int)inputs_BCHW.shape[0];
        // A member that itself compares must see all.
        var step = member.ComparesWithinCall ? all : batchSize;
        var opinions = new List<float>(all);
        for (var start = 0; start < all; start += step)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(step, all - start);
            using var rows = prompts.Rows([.. Enumerable.Range(start, count)]);
            opinions.AddRange(member.Score(inputs_BCHW.narrow(0, start, count), rows, timesteps_B.narrow(0, start, count)).cpu().data<float>());
        }
        return [.. opinions];
    }
}
