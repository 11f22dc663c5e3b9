using SpoActors.Specification;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

public sealed class ObjectiveRegistryTests
{
    [Theory]
    [InlineData("spo", typeof(SpoObjective))]
    [InlineData("mspo", typeof(SpoObjective))]
    [InlineData("d3po", typeof(D3poObjective))]
    [InlineData("ddpo", typeof(DdpoObjective))]
    [InlineData("diffusion_dpo", typeof(DiffusionDpoObjective))]
    [InlineData("mapo", typeof(MapoObjective))]
    [InlineData("lpo", typeof(LpoObjective))]
    [InlineData("grad_spo", typeof(GradSpoObjective))]
    [InlineData("sdpo", typeof(SdpoObjective))]
    [InlineData("linear_dpo", typeof(LinearDpoObjective))]
    public void Objective_WhenNamedAlone_IsMadeWithItsPublishedSettings(string kind, Type type) =>
        Assert.IsType(type, ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = kind }));

    [Fact]
    public void Objective_WhenRegisteredByAProgram_IsMadeByItsName()
    {
        ObjectiveRegistry.Register(new ObjectiveKind("win_only", [FlowKind.OwnPairs], new ObjectiveSpecification { Beta = 2 }), o => new WinOnly(o.Beta!.Value));
        Assert.Equal(2, Assert.IsType<WinOnly>(ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = "win_only" })).Weight);
        Assert.Equal(3, Assert.IsType<WinOnly>(ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = "win_only", Beta = 3 })).Weight);
        Assert.Equal([FlowKind.OwnPairs], ObjectiveKinds.Get("win_only").Flows);
    }

    [Fact]
    public void Objective_WhenUnknown_IsRefusedWithTheNearest() =>
        Assert.Contains("Did you mean diffusion_dpo?", Assert.Throws<ArgumentException>(() => ObjectiveRegistry.Create(new ObjectiveSpecification { Kind = "difusion_dpo" })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(LinkKind.Hinge, 1, 0.1)]
    [InlineData(LinkKind.Sigmoid, 0, 0)]
    [InlineData(LinkKind.Sigmoid, double.NaN, 0)]
    [InlineData(LinkKind.Robust, 1, 0.5)]
    public void Link_WhenASettingDoesNotFit_IsRefused(LinkKind kind, double beta, double smoothing) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new PreferenceLink(kind, beta, smoothing));

    [Fact]
    public void Links_AtTheirMinima_HaveNoGradient()
    {
        using var scope = NewDisposeScope();
        const double beta = 3, smoothing = 0.2;
        AssertFlat(new PreferenceLink(LinkKind.Ipo, beta), 0.5);
        AssertFlat(new PreferenceLink(LinkKind.Sigmoid, beta, smoothing), Math.Log((1 - smoothing) / smoothing));
        AssertFlat(new PreferenceLink(LinkKind.Hinge, beta), 1);

        static void AssertFlat(PreferenceLink link, double at)
        {
            var x = tensor(new[] { at }).requires_grad_(true);
            link.Loss(x).sum().backward();
            Assert.Equal(0, x.grad!.item<double>(), 1e-12);
        }
    }

    sealed class WinOnly(double weight) : IObjective
    {
        public double Weight => weight;

        public ObjectiveNetworks Networks => ObjectiveNetworks.None;

        public SampleKind Samples => SampleKind.NoisedPair;

        public ObjectiveResult Compute(ObjectiveInputs inputs) =>
            ObjectiveResult.Of(weight * (inputs.Win.Policy_MCHW - inputs.Win.Target_MCHW!).square().flatten(1).mean([1]), [], []);
    }
}
