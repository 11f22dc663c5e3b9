using SpoActors.Specification;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

public sealed class ObjectiveInvarianceTests
{
    const int Samples = 6;

    [Theory]
    [InlineData("spo")]
    [InlineData("d3po")]
    [InlineData("lpo")]
    [InlineData("grad_spo")]
    [InlineData("diffusion_dpo")]
    [InlineData("mapo")]
    [InlineData("linear_dpo")]
    public void Margin_WhenWinAndLoseAreSwapped_ChangesItsSign(string kind)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 1, ScalarType.Float64);
        var objective = ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind });
        var inputs = objective.Samples == SampleKind.NoisedPair ? batch.Noised(0.1) : batch.Pairs(0.01);
        var margin = objective.Compute(inputs).ReadMetrics()[ObjectiveMetrics.Margin];
        var swapped = objective.Compute(inputs with { Win = inputs.Lose!, Lose = inputs.Win }).ReadMetrics()[ObjectiveMetrics.Margin];
        Assert.NotEqual(0, margin);
        Assert.Equal(-margin, swapped, 1e-9 * Math.Abs(margin));
    }

    [Theory]
    [InlineData("spo")]
    [InlineData("d3po")]
    [InlineData("lpo")]
    [InlineData("grad_spo")]
    public void Tie_InTheBatch_KeepsItsPlaceWithoutAGradient(string kind)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 2, ScalarType.Float64);
        var objective = ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind });
        var inputs = batch.Pairs(0.001) with { Preference_M = tensor(new double[] { 1, 0, 1, 1, 0, 1 }) };
        var result = objective.Compute(inputs);
        result.Loss.backward();
        Assert.Equal([1, 4], ZeroRows(inputs.Win.Policy_MCHW.grad!));
        Assert.Equal([1, 4], ZeroRows(inputs.Lose!.Policy_MCHW.grad!));
        Assert.Equal(Math.Log(2), result.LossPerSample[1].item<double>(), 1e-12);
        Assert.Equal(result.LossPerSample.mean().item<double>(), result.Loss.item<double>(), 1e-12);
    }

    [Theory]
    [InlineData("spo")]
    [InlineData("d3po")]
    [InlineData("lpo")]
    [InlineData("grad_spo")]
    [InlineData("ddpo")]
    public void KlLimit_WhenExceeded_StopsTheGradientOfThoseSamplesOnly(string kind)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 4, ScalarType.Float64);
        var free = ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind });
        Func<ObjectiveInputs> inputs = () => kind == "ddpo" ? batch.Transitions(0.001, drift: 1e-6) : batch.Pairs(0.001);

        var unlimited = inputs();
        var plain = free.Compute(unlimited);
        plain.Loss.backward();
        var largest = stack(Sides(unlimited).Select(s => unlimited.Process.Kl(s.Policy_MCHW.detach(), s.Reference_MCHW!, s.Timesteps_M, s.Current_MCHW)).ToArray()).amax([0]);
        var limit = largest.median().item<double>();
        var exceeded = largest.gt(limit).data<bool>().ToArray();

        var limited = inputs();
        var result = ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind, KlLimit = limit }).Compute(limited);
        result.Loss.backward();
        Assert.Equal(plain.Loss.item<double>(), result.Loss.item<double>());
        Assert.Equal(exceeded.Count(e => e) / (double)Samples, result.ReadMetrics()[ObjectiveMetrics.KlExceeded], 1e-12);
        foreach (var (before, after) in Sides(unlimited).Zip(Sides(limited)))
            for (var m = 0; m < Samples; m++)
                Assert.True((exceeded[m] ? zeros_like(before.Policy_MCHW[m]) : before.Policy_MCHW.grad![m]).equal(after.Policy_MCHW.grad![m]).all().item<bool>(), $"{kind}, sample {m}");
    }

    [Theory]
    [InlineData("spo")]
    [InlineData("d3po")]
    [InlineData("grad_spo")]
    public void Kl_OfAPair_IsTheMeanOfBothSidesSteps(string kind)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 5, ScalarType.Float64);
        var inputs = batch.Pairs(0.01);
        var expected = Sides(inputs).Average(s => inputs.Process.Kl(s.Policy_MCHW, s.Reference_MCHW!, s.Timesteps_M, s.Current_MCHW).mean().item<double>());
        Assert.Equal(expected, ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind }).Compute(inputs).ReadMetrics()[ObjectiveMetrics.Kl], 1e-12);
    }

    [Fact]
    public void Ddpo_WithoutAKlLimit_AsksForNoNetwork()
    {
        Assert.Equal(ObjectiveNetworks.None, new DdpoObjective(1e-4, 5).Networks);
        Assert.Equal(ObjectiveNetworks.Reference, new DdpoObjective(1e-4, 5, klLimit: 1).Networks);
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 6, ScalarType.Float64);
        var result = new DdpoObjective(1e-4, 5).Compute(batch.Transitions(0.01, 0.1, withReference: false));
        Assert.DoesNotContain(ObjectiveMetrics.Kl, result.MetricNames);
    }

    [Theory]
    [InlineData(1, 0.1, false)]
    [InlineData(1, -0.1, true)]
    [InlineData(-1, -0.1, false)]
    [InlineData(-1, 0.1, true)]
    public void Ddpo_WhenTheRatioLeftItsRange_LearnsOnlyTowardsIt(double advantage, double drift, bool learns)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(1, seed: 7, ScalarType.Float64);
        var inputs = batch.Transitions(0.01, drift: 0);
        inputs = inputs with { Advantage_M = tensor(new[] { advantage }), SampledLogProb_M = inputs.SampledLogProb_M! - drift };
        new DdpoObjective(0.01, 5).Compute(inputs).Loss.backward();
        Assert.Equal(learns, inputs.Win.Policy_MCHW.grad!.abs().max().item<double>() > 0);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.6)]
    [InlineData(1.0)]
    public void Sdpo_WithItsSafeguard_ScalesTheLosersGradientOnly(double mu)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 8, ScalarType.Float64);
        var link = new PreferenceLink(LinkKind.Sigmoid, beta: 3);
        var (plain, guarded) = (batch.Noised(0.2), batch.Noised(0.2));
        var before = new SdpoObjective(SdpoVariant.DiffusionDpo, link, mu: null).Compute(plain);
        var after = new SdpoObjective(SdpoVariant.DiffusionDpo, link, mu).Compute(guarded);
        before.Loss.backward();
        after.Loss.backward();
        var scale = after.ReadMetrics()["lose_scale"];
        Assert.InRange(scale, 0, 1);
        Assert.True(mu < 1 ? scale > 0 : scale == 0);
        Assert.Equal(before.Loss.item<double>(), after.Loss.item<double>());
        Assert.True(guarded.Win.Policy_MCHW.grad!.allclose(plain.Win.Policy_MCHW.grad!, 1e-12, 1e-16));
        Assert.True(guarded.Lose!.Policy_MCHW.grad!.allclose(scale * plain.Lose!.Policy_MCHW.grad!, 1e-12, 1e-16));
    }

    [Fact]
    public void MapoScore_OfNoErrorAtAll_IsOneWithItsSlope()
    {
        using var scope = NewDisposeScope();
        var objective = new MapoObjective(beta: 0.1, snrValue: 0.5, scoreScale: 1000);
        var error = tensor(new[] { 0.0, 0.2 - 1e-12, 0.2 + 1e-12, 400 }).requires_grad_(true);
        var score = objective.Score(error);
        score.sum().backward();
        Assert.Equal(1, score[0].item<double>());
        Assert.Equal(-0.25, error.grad![0].item<double>());
        Assert.Equal(score[1].item<double>(), score[2].item<double>(), 1e-11);
        Assert.Equal(error.grad[1].item<double>(), error.grad[2].item<double>(), 1e-11);
        Assert.True(error.grad.isfinite().all().item<bool>());
    }

    [Theory]
    [InlineData("spo", "Lose")]
    [InlineData("diffusion_dpo", "Lose")]
    [InlineData("ddpo", "Advantage")]
    public void Input_WhenItIsMissing_IsNamed(string kind, string missing)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 9, ScalarType.Float64);
        var objective = ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind });
        var inputs = objective.Samples switch { SampleKind.TransitionPair => batch.Pairs(0.1), SampleKind.Transition => batch.Transitions(0.1, 0), _ => batch.Noised(0.1) };
        var incomplete = missing == "Lose" ? inputs with { Lose = null } : inputs with { Advantage_M = null };
        Assert.Contains($"{objective.GetType().Name} needs", Assert.Throws<ArgumentException>(() => objective.Compute(incomplete)).Message, StringComparison.Ordinal);
    }

    static SampleSide[] Sides(ObjectiveInputs inputs) => inputs.Lose is { } lose ? [inputs.Win, lose] : [inputs.Win];

    static int[] ZeroRows(Tensor gradient) =>
        [.. Enumerable.Range(0, (int)gradient.shape[0]).Where(m => gradient[m].abs().max().item<double>() == 0)];
}
