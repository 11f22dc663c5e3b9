using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

/// <summary>Gradients with respect to the policy's predictions, against central differences in float64.</summary>
public sealed class ObjectiveGradientTests
{
    const int Samples = 6;

    const double Step = 1e-5;

    public static TheoryData<string, LinkKind> Linked
    {
        get
        {
            var data = new TheoryData<string, LinkKind>();
            foreach (var kind in new[] { "spo", "mspo", "lpo", "d3po", "grad_spo", "diffusion_dpo", "sdpo" })
                foreach (var link in Enum.GetValues<LinkKind>()) data.Add(kind, link);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Linked))]
    public void Gradient_WithEveryLink_EqualsFiniteDifferences(string kind, LinkKind link)
    {
        var isSmooth = link is LinkKind.Sigmoid or LinkKind.Robust;
        // A β at which no link is flat: the published ones are made for margins that are far smaller than these.
        AssertGradient(new ObjectiveSpecification { Kind = kind, Link = link, Beta = 3, LabelSmoothing = isSmooth ? 0.1 : 0, WinnerPreserving = kind == "sdpo" ? false : null });
    }

    [Theory]
    [InlineData("mapo")]
    [InlineData("ddpo")]
    public void Gradient_WithoutALink_EqualsFiniteDifferences(string kind) =>
        AssertGradient(new ObjectiveSpecification { Kind = kind, ScoreScale = kind == "mapo" ? 10 : null, ClipRange = kind == "ddpo" ? 0.02 : null });

    [Theory]
    [InlineData(SdpoVariant.Dmpo, 3, 0.2)]
    [InlineData(SdpoVariant.Dspo, 0.7, 0.2)]
    [InlineData(SdpoVariant.DspoSdxl, 3, 0.2)]
    [InlineData(SdpoVariant.DspoSdxl, 3, 2)]
    public void Gradient_OfEverySdpoVariant_EqualsFiniteDifferences(SdpoVariant variant, double beta, double spread) =>
        AssertGradient(new ObjectiveSpecification { Kind = "sdpo", Variant = variant, Beta = beta, WinnerPreserving = false }, spread);

    [Theory]
    [InlineData(PredictionType.VPrediction)]
    [InlineData(PredictionType.Sample)]
    public void Gradient_WhateverIsPredicted_EqualsFiniteDifferences(PredictionType prediction)
    {
        foreach (var kind in new[] { "spo", "grad_spo" }) AssertGradient(new ObjectiveSpecification { Kind = kind, Beta = 3 }, spread: 0.002, prediction);
    }

    [Fact]
    public void Gradient_OfLinearDpo_IsThatOfErrorsWithConstantWeights()
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 3, ScalarType.Float64);
        var inputs = batch.Noised(spread: 0.2);
        var result = new LinearDpoObjective(beta: 5, minWeight: 0.05).Compute(inputs);
        result.Loss.backward();
        var (win, lose) = (inputs.Win.Policy_MCHW, inputs.Lose!.Policy_MCHW);
        var weight = result.Details["weight"].reshape(-1, 1, 1, 1);
        Assert.True(win.grad!.allclose(weight * 2 * (win - inputs.Win.Target_MCHW!) / win.numel(), 1e-10, 1e-14));
        Assert.True(lose.grad!.allclose(-weight * 2 * (lose - inputs.Lose.Target_MCHW!) / lose.numel(), 1e-10, 1e-14));
    }

    static void AssertGradient(ObjectiveSpecification specification, double spread = 0.05, PredictionType prediction = PredictionType.Epsilon)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(Samples, seed: 17, ScalarType.Float64, prediction);
        var objective = ObjectiveRegistry.Create(specification);
        var inputs = objective.Samples switch
        {
            SampleKind.TransitionPair => batch.Pairs(spread),
            SampleKind.Transition => batch.Transitions(spread, drift: 0.01),
            _ => batch.Noised(spread),
        };
        objective.Compute(inputs).Loss.backward();
        var sides = inputs.Lose is { } other ? new[] { inputs.Win, other } : [inputs.Win];
        var gradients = sides.Select(s => s.Policy_MCHW.grad!.clone()).ToArray();
        for (var trial = 0; trial < 3; trial++)
        {
            var directions = sides.Select(s => batch.Direction(s.Policy_MCHW.shape)).ToArray();
            var expected = (Loss(Step) - Loss(-Step)) / (2 * Step);
            var actual = gradients.Zip(directions).Sum(g => (g.First * g.Second).sum().item<double>());
            Assert.True(Math.Abs(expected - actual) <= 1e-6 * Math.Max(1e-2, Math.Abs(expected)), $"{specification.Kind}, {specification.Link}: {actual} instead of {expected}");

            double Loss(double step)
            {
                using var noGradient = no_grad();
                var moved = inputs with { Win = Moved(sides[0], directions[0]), Lose = sides.Length > 1 ? Moved(sides[1], directions[1]) : null };
                return objective.Compute(moved).Loss.item<double>();

                SampleSide Moved(SampleSide side, Tensor direction) => side with { Policy_MCHW = side.Policy_MCHW.detach() + step * direction };
            }
        }
    }
}
