using CsCheck;
using SpoActors.Trainer.Randomness;
using TorchSharp;

namespace SpoActors.Trainer.Tests.Randomness;

public sealed class CounterBasedRandomTests
{
    static readonly CounterBasedRandom Source = new(7);

    [Fact]
    public void Noise_WhenPromptsAreSampledTogetherOrAlone_IsTheSame()
    {
        using var scope = torch.NewDisposeScope();
        var together = Source.CandidateNoise(new ItemDraw(3, 0, [4, 5]), 2, 3, 4, 8, 6);
        var alone = Source.CandidateNoise(new ItemDraw(3, 1, [5]), 2, 3, 4, 8, 6);
        Assert.True(together.select(1, 1).eq(alone.select(1, 0)).all().item<bool>());
    }

    [Fact]
    public void Noise_WhenAnythingOfItsIdentityDiffers_Differs()
    {
        using var scope = torch.NewDisposeScope();
        var item = new ItemDraw(3, 0, [4]);
        var noise = Source.StepNoise(item, 2, 1, 4, 8, 8);
        torch.Tensor[] others =
        [
            Source.StepNoise(item with { Round = 4 }, 2, 1, 4, 8, 8), Source.StepNoise(item with { PromptIndices = [5] }, 2, 1, 4, 8, 8),
            Source.StepNoise(item, 3, 1, 4, 8, 8), Source.InitialLatents(item, 4, 8, 8),
            Source.CandidateNoise(item, 2, 1, 4, 8, 8)[0], new CounterBasedRandom(8).StepNoise(item, 2, 1, 4, 8, 8),
        ];
        Assert.All(others, other => Assert.False(noise.eq(other).any().item<bool>()));
    }

    [Fact]
    public void Noise_WhenManyAreDrawn_HasMeanZeroAndDeviationOne()
    {
        using var scope = torch.NewDisposeScope();
        var noise = Source.InitialLatents(new ItemDraw(0, 0, [0]), 4, 512, 512);
        // A million draws: the mean is within 5 standard errors (0.001), the deviation within 5 of its own (0.0007).
        Assert.InRange(noise.mean().item<float>(), -0.005f, 0.005f);
        Assert.InRange(noise.std().item<float>(), 0.9965f, 1.0035f);
    }

    [Fact]
    public void Shuffle_OfAnyLength_IsAPermutation() =>
        Gen.Int[0, 300].Select(Gen.Int[0, 1000]).Sample((count, round) =>
            Source.Shuffle(round, 0, count).Order().SequenceEqual(Enumerable.Range(0, count).Select(i => (long)i)));

    [Fact]
    public void TwoCandidates_OfAnyPool_AreDistinct() =>
        Gen.Int[2, 9].Select(Gen.Int[0, 50]).Sample((k, step) =>
            Source.TwoCandidates(new ItemDraw(0, 0, [0, 1, 2]), step, k).All(c => c.First != c.Second && c.First < k && c.Second < k));

    [Fact]
    public void Pick_OverManySteps_IsUniform()
    {
        var counts = new int[4];
        for (int round = 0; round < 4000; round++) counts[Source.Pick(new ItemDraw(round, 0, [0]), 5, 4)[0]]++;
        // 1000 expected; 5 standard deviations are 137.
        Assert.All(counts, count => Assert.InRange(count, 863, 1137));
    }
}
