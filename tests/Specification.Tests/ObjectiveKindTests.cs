using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class ObjectiveKindTests
{
    // Another test of this assembly may register kinds of its own.
    static readonly string[] Published = ["d3po", "ddpo", "diffusion_dpo", "grad_spo", "linear_dpo", "lpo", "mapo", "mspo", "sdpo", "spo"];

    public static TheoryData<string> Names => [.. Published];

    [Fact]
    public void Settings_Always_AreAllKeysButTheKind() =>
        Assert.Equal(SpecificationKeys.Of(typeof(ObjectiveSpecification)).Select(k => k.Key).Where(k => k != "kind"), ObjectiveKind.Settings.Select(s => s.Key));

    [Theory]
    [MemberData(nameof(Names))]
    public void Kind_WhenNamedAlone_IsValidAndComplete(string name)
    {
        var run = SpecificationYaml.Parse($"model: {{ path: m }}\npreference: {{ path: p }}\nprompts: {{ path: q }}\n{(ObjectiveKinds.Get(name).Flows[0] == FlowKind.OwnPairs ? "data: { path: d }" : "")}\nobjective: {{ kind: {name} }}\nsampling: {{ inner_steps: {(name == "mspo" ? 1 : 0)} }}", "test");
        Assert.Empty(SpecificationValidator.Validate(run, checkFiles: false));
        var resolved = ObjectiveKinds.Resolve(run.Objective);
        var optional = new[] { "kl_limit" };
        Assert.All(ObjectiveKinds.Get(name).Uses(run.Objective).Except(optional), key => Assert.NotNull(ObjectiveKind.Settings.Single(s => s.Key == key).Read(resolved)));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Setting_WhenGiven_IsKeptByTheResolution(string name)
    {
        var kind = ObjectiveKinds.Get(name);
        var given = new ObjectiveSpecification { Kind = name, Beta = 1.5, Guidance = true, KlLimit = 2, SlowDecay = 0.25, MinWeight = 0.125, Alpha = 0.2, Eps = 0.3, Mu = 0.7, ClipRange = 0.01 };
        var resolved = kind.Resolve(given);
        Assert.All(ObjectiveKind.Settings.Where(s => s.Read(given) is not null), s => Assert.Equal(s.Read(given), s.Read(resolved)));
    }

    [Fact]
    public void Defaults_Always_AreTheSpoPapers()
    {
        var resolved = ObjectiveKinds.Resolve(new ObjectiveSpecification());
        Assert.Equal((10.0, 0.1, true, LinkKind.Sigmoid), (resolved.Beta, resolved.Eps, resolved.Guidance, resolved.Link));
        Assert.Null(resolved.KlLimit);
    }

    [Theory]
    [InlineData(SdpoVariant.DiffusionDpo, 5000, 0.9)]
    [InlineData(SdpoVariant.Dmpo, 2000, 0.9)]
    [InlineData(SdpoVariant.Dspo, 0.001, 0.2)]
    [InlineData(SdpoVariant.DspoSdxl, 5000, 0.6)]
    public void Sdpo_WhenTheVariantIsGiven_TakesItsPublishedSettings(SdpoVariant variant, double beta, double mu)
    {
        var resolved = ObjectiveKinds.Resolve(new ObjectiveSpecification { Kind = "sdpo", Variant = variant });
        Assert.Equal((beta, mu), (resolved.Beta, resolved.Mu));
        Assert.Equal(variant == SdpoVariant.Dmpo ? 0.01 : null, resolved.Alpha);
    }

    [Fact]
    public void Name_WhenUnknown_ListsTheKnownAndTheNearest()
    {
        var message = Assert.Throws<ArgumentException>(() => ObjectiveKinds.Resolve(new ObjectiveSpecification { Kind = "dppo" })).Message;
        Assert.Contains("there is no objective dppo; known: d3po, ddpo,", message, StringComparison.Ordinal);
        Assert.Contains("Did you mean d", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Name_WhenTaken_IsRefused() =>
        Assert.Throws<ArgumentException>(() => ObjectiveKinds.Add(new ObjectiveKind("spo", [FlowKind.StepPools], new ObjectiveSpecification())));
}
