using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Method;

public sealed class DivergenceTests
{
    [Fact]
    public void Metrics_OfADivergedRound_TravelAsJson()
    {
        var metrics = RoundMetrics.Of(0, 1, [float.NaN, float.PositiveInfinity], possible: 1, samples: 0, [], "digest");
        Assert.Equal(metrics.ToJson(), RoundMetrics.FromJson(metrics.ToJson())!.ToJson());
        Assert.Contains("NaN", metrics.ToJson(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gradient", 1, "minibatch 2: the gradients' norm is NaN")]
    // Without the check of the round's end these two would be committed, and found when there is no way back.
    [InlineData("gradient", 9, "minibatch 3: 1 accumulated gradients are not finite")]
    [InlineData("loss", 9, "minibatch 2: the loss is NaN")]
    public void Round_WhenItDiverges_NamesPlaceCauseAndWayOn(string what, int accumulation, string expected)
    {
        using var scope = NewDisposeScope();
        var run = TinyRun.Sd15() with { Training = new TrainingSpecification { BatchSize = 1, GradientAccumulation = accumulation } };
        var random = new CounterBasedRandom(1);
        using var model = DiffusionModel.Load(run.Model);
        using var adapter = Adapters.Create(model.UNet, run.Lora, random);
        using var training = new TrainingStage(model, adapter, new MethodPlan(run), random);
        var passes = 0;
        if (what == "gradient") training.AfterBackward = () => Poison(adapter, ++passes);
        var second = random.Shuffle(4, 0, 3)[1];
        TrainingSample[] pairs = [.. Enumerable.Range(0, 3).Select(i => Pair(i, isBad: what == "loss" && i == second))];

        var error = Assert.Throws<TrainingDivergedException>(() => training.TrainRound(4, pairs, ["a cat", "a dog", "a bird"], cancellation: TestContext.Current.CancellationToken));
        Assert.Contains($"training diverged in round 5, {expected}", error.Message, StringComparison.Ordinal);
        Assert.Contains("--resume --branch NAME --set optimizer.learning_rate=0.0005 (now 0.001)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
    }

    static void Poison(LoraAdapter adapter, int pass)
    {
        using var noGradient = no_grad();
        if (pass == 2) adapter.Parameters[0].grad!.fill_(float.NaN);
    }

    static TrainingSample Pair(int prompt, bool isBad)
    {
        var current = ones(4, 8, 8);
        return new TrainingSample
        {
            Id = new SampleId(4, 0, 2, prompt),
            Timestep = 501,
            Win = new SampleBranch(0, current) { Next = isBad ? full_like(current, float.NaN) : current * 0.9 },
            Lose = new SampleBranch(1, current) { Next = current * 1.1 },
        };
    }
}
