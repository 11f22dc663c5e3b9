using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Scoring;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Tests.Diffusion;
using SpoActors.Trainer.Tests.Judges;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Method.Scoring;

public sealed class PoolScorerTests
{
    static PoolScorerTests() => NativeLibtorch.EnsureLoaded();

    // A candidate's latents are its number.
    static CandidatePool Pool(int candidates, int prompts, params float[] values) => new()
    {
        Item = new ItemDraw(0, 0, [.. Enumerable.Range(0, prompts)]),
        Index = 0,
        Clean = tensor(values).view(candidates, prompts, 1, 1, 1).expand(-1, -1, 4, 2, 2).clone(),
        ScoreTimestep = 7,
        Transitions = [],
    };

    static PoolScorer Scorer(IJudge judge, Func<Tensor, Tensor>? decode = null, double threshold = 0.3, int batchSize = 2) =>
        new(decode ?? (latents => latents.narrow(1, 0, 3)), judge, new PairSpecification { Threshold = threshold }, Thresholds, new CounterBasedRandom(1), batchSize);

    /// <summary>Of the steps; these pools have none.</summary>
    static readonly PairThreshold Thresholds = new(
        new PairSpecification(), new DdimScheduler(NoiseSchedule.Create(Schedules.StableDiffusion), 20, eta: 1, DdimLastStep.ClampToFirst));


    static ScoredPool Score(PoolScorer scorer, IJudge judge, CandidatePool pool)
    {
        using (pool)
        {
            using var prompts = judge.Prepare([.. Enumerable.Range(0, pool.Item.Count).Select(p => new string('a', p + 1))]);
            return scorer.Score(pool, prompts);
        }
    }

    [Fact]
    public void Score_WhenBatchesCutThePool_GivesEachCandidateItsPrompt()
    {
        var judge = new FakeJudge((x, prompt) => 100 * x + prompt.Length);

        using var scored = Score(Scorer(judge, batchSize: 4), judge, Pool(3, 2, 1, 2, 3, 4, 5, 6));

        Assert.Equal([101f, 202, 301, 402, 501, 602], scored.Scores!.data<float>().ToArray());
        Assert.Equal([4, 2], judge.Calls);
    }

    [Theory]
    [InlineData(1, 0.62, false)]
    [InlineData(2, 1.24, true)]
    public void Score_WhenTheJudgeHasAScale_HoldsProbabilitiesToTheThreshold(double scale, double logit, bool kept)
    {
        var judge = new FakeJudge((x, _) => x, scale: scale);

        using var scored = Score(Scorer(judge, threshold: 0.5), judge, Pool(2, 1, 0, 0.62f));

        Assert.Equal(Math.Tanh(logit / 2), scored.Selection.Gap[0], 6);
        Assert.Equal(kept, scored.Selection.IsValid[0]);
    }

    [Fact]
    public void Score_WhenTheJudgeComparesWithinACall_ShowsItThePoolAtOnce()
    {
        var member = new FakeJudge((x, _) => x);
        using var vote = new VoteJudge([member], batchSize: 100);
        var decoded = new List<long>();

        using var scored = Score(Scorer(vote, latents =>
        {
            decoded.Add(latents.shape[0]);
            return latents.narrow(1, 0, 3);
        }), vote, Pool(3, 1, 1, 3, 2));

        Assert.Equal([2, 1], decoded);
        Assert.Equal([3], member.Calls);
        Assert.Equal((1, 0), ((int)scored.Selection.Win[0], (int)scored.Selection.Lose[0]));
    }

    [Fact]
    public void Score_WhenTheJudgeWantsLatents_DecodesNothing()
    {
        var judge = new FakeJudge((x, _) => x, input: JudgeInput.Latents);

        using var scored = Score(Scorer(judge, _ => throw new InvalidOperationException("decoded")), judge, Pool(2, 1, 4, 5));

        Assert.Equal([4f, 5], scored.Scores!.data<float>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN, "", "", "1 of 4 scores of the judge 'fake' are NaN or infinite: the latents are not finite already")]
    [InlineData(1e30f, "overflows", "", "1 of 4 scores of the judge 'fake' are NaN or infinite: the latents are finite and the images are not, so the decoder overflowed")]
    [InlineData(9, "", "overflows", "1 of 4 scores of the judge 'fake' are NaN or infinite: what it was given is finite, so the judge overflowed")]
    public void Score_WhenAScoreIsNotFinite_SaysWhereItBegan(float third, string decoder, string network, string expected)
    {
        var judge = new FakeJudge((x, _) => network.Length > 0 && x == 9 ? float.PositiveInfinity : x);

        var error = Assert.Throws<ScoreException>(() => Score(
            Scorer(judge, latents => (decoder.Length > 0 ? latents * 1e30 : latents).narrow(1, 0, 3)), judge, Pool(2, 2, 1, 2, third, 3)));

        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("float32 or bfloat16", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_WhenNoScoreIsFinite_SaysAll()
    {
        var judge = new FakeJudge((_, _) => float.NaN);

        var error = Assert.Throws<ScoreException>(() => Score(Scorer(judge), judge, Pool(2, 2, 1, 2, 3, 4)));

        Assert.Equal("All 4 scores of the judge 'fake' are NaN or infinite: what it was given is finite, so the judge overflowed. Set judge.dtype to float32 or bfloat16.", error.Message);
    }
}
