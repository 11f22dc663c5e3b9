using SpoActors.Trainer.Objectives;

namespace SpoActors.Trainer.Tests.Objectives;

public sealed class PromptStatisticsTests
{
    [Fact]
    public void Advantages_OfEqualRewards_AreZero()
    {
        // 0.1f has no exact sum in float32.
        var rewards = Enumerable.Repeat(0.1f, 7).ToArray();
        Assert.All(PromptStatistics.OfRound(rewards), a => Assert.Equal(0, a));
        Assert.All(new PromptStatistics(16, 2).Update([.. rewards.Select(_ => "cat")], rewards), a => Assert.Equal(0, a));
    }

    [Fact]
    public void Statistics_WhenLoadedAgain_GoOnAsBefore()
    {
        var kept = new PromptStatistics(bufferSize: 3, minimum: 2);
        kept.Update(["cat", "dog", "cat"], [1, 2, 4]);
        var resumed = new PromptStatistics(bufferSize: 3, minimum: 2);
        resumed.Load(kept.Save());
        Assert.Equal(kept.Of("cat"), resumed.Of("cat"));
        Assert.Equal((0, 0, 0), resumed.Of("owl"));
        Assert.Equal(kept.Update(["cat", "cat", "owl"], [9, 3, 5]), resumed.Update(["cat", "cat", "owl"], [9, 3, 5]));
        Assert.Equal(3, resumed.Of("cat").Count);
    }

    [Fact]
    public void Statistics_OfASmallerBuffer_AreRefused()
    {
        var kept = new PromptStatistics(bufferSize: 3, minimum: 1);
        kept.Update(["cat", "cat", "cat"], [1, 2, 3]);
        Assert.Contains("3 rewards of 'cat'; expected at most 2", Assert.Throws<ArgumentException>(() => new PromptStatistics(2, 1).Load(kept.Save())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reward_WhenItIsNotFinite_IsRefused()
    {
        var statistics = new PromptStatistics(16, 16);
        Assert.Contains("1 of 2 rewards are not finite", Assert.Throws<ArgumentException>(() => statistics.Update(["cat", "dog"], [1, float.NaN])).Message, StringComparison.Ordinal);
        Assert.Equal(0, statistics.Of("cat").Count);
        Assert.Throws<ArgumentException>(() => statistics.Update(["cat"], [1, 2]));
    }
}
