using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class SpecificationReadingTests
{
    static RunSpecification Parse(string text, params string[] overrides) => SpecificationYaml.Parse(text, "test.yaml", overrides);

    static string Error(string text, params string[] overrides) => Assert.Throws<SpecificationException>(() => Parse(text, overrides)).Message;

    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("sampling:\n  # all keys commented out\n")]
    public void Reading_WhenNothingIsGiven_TakesDefaults(string text) => Assert.Equal(SpecificationYaml.Write(new RunSpecification()), SpecificationYaml.Write(Parse(text)));

    [Fact]
    public void Reading_WhenEveryKindOfValueIsGiven_BindsThem()
    {
        var run = Parse("""
            name: my-run
            seed: 18446744073709551615
            model: { dtype: bfloat16, gradient_checkpointing: true, vae: null }
            sampling: { steps: 12, eta: 5e-1, divert_end_step: ~, last_step: extend }
            lora: { target_modules: [to_q, "to_out.0"] }
            evaluation: { seeds: [1, 2], scheduler: dpm_solver, prompts: ["a \"quoted\" prompt"] }
            """);
        Assert.Equal(("my-run", ulong.MaxValue), (run.Name, run.Seed));
        Assert.Equal((NumberType.BFloat16, true, null), (run.Model.Dtype, run.Model.GradientCheckpointing, run.Model.Vae));
        Assert.Equal((12, 0.5, null, LastStepRule.Extend), (run.Sampling.Steps, run.Sampling.Eta, run.Sampling.DivertEndStep, run.Sampling.LastStep));
        Assert.Equal(["to_q", "to_out.0"], run.Lora.TargetModules);
        Assert.Equal([1UL, 2], run.Evaluation.Seeds);
        Assert.Equal(SchedulerKind.DpmSolver, run.Evaluation.Scheduler);
        Assert.Equal(["a \"quoted\" prompt"], run.Evaluation.Prompts);
    }

    [Fact]
    public void Reading_WhenKeyIsMisspelled_NamesLineAndNearestKey() =>
        Assert.Contains("line 3: sampling.candidtes: found an unknown key", Error("sampling:\n  steps: 4\n  candidtes: 2\n"), StringComparison.Ordinal);

    [Theory]
    [InlineData("sampling: { candidtes: 2 }", "Did you mean sampling.candidates?")]
    [InlineData("smapling: { steps: 2 }", "Did you mean sampling?")]
    [InlineData("training: { candidates: 2 }", "Did you mean sampling.candidates?")]
    [InlineData("entirely_unlike_anything: 2", "Remove it.")]
    public void Reading_WhenKeyIsUnknown_SuggestsFix(string text, string fix) => Assert.EndsWith(fix, Error(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("sampling: 3", "sampling: found '3'; expected a section")]
    [InlineData("sampling: { steps: [4] }", "sampling.steps: found a list; expected a whole number")]
    [InlineData("sampling: { steps: 4.5 }", "sampling.steps: found '4.5'; expected a whole number")]
    [InlineData("sampling: { steps: 99999999999 }", "sampling.steps: found '99999999999'; expected a whole number")]
    [InlineData("sampling: { steps: null }", "sampling.steps: found ''; expected a whole number")]
    [InlineData("model: { gradient_checkpointing: yes }", "model.gradient_checkpointing: found 'yes'; expected true or false")]
    [InlineData("model: { dtype: float8 }", "model.dtype: found 'float8'; expected one of float32, bfloat16, float16")]
    [InlineData("seed: -1", "seed: found '-1'; expected a whole number from 0")]
    [InlineData("lora: { target_modules: to_q }", "lora.target_modules: found 'to_q'; expected a list of text")]
    [InlineData("- a list", "document: found no keys")]
    public void Reading_WhenTypeIsWrong_NamesIt(string text, string expected) => Assert.Contains(expected, Error(text.Replace("null }", "~ }", StringComparison.Ordinal)).Replace("found '~'", "found ''", StringComparison.Ordinal), StringComparison.Ordinal);

    [Theory]
    [InlineData("sampling:\n steps: 4\n  eta: 1\n")]
    [InlineData("name: [unclosed")]
    [InlineData("name: a\nname: b\n")]
    [InlineData("name: &a x\nseed: *unknown\n")]
    public void Reading_WhenTextIsNoYaml_NamesTheLine(string text) => Assert.Matches("line [0-9]+: syntax: found ", Error(text));

    [Fact]
    public void Override_WhenGiven_Wins()
    {
        var run = Parse("sampling: { steps: 4 }", "sampling.steps=6", "model.path=/a: b/{c}", "evaluation.seeds=[3, 4]", "training.rounds=null", "sampling.steps=7");
        Assert.Equal((7, "/a: b/{c}", null), (run.Sampling.Steps, run.Model.Path, run.Training.Rounds));
        Assert.Equal([3UL, 4], run.Evaluation.Seeds);
    }

    [Theory]
    [InlineData("sampling.stepz=3", "--set sampling.stepz=3: sampling.stepz: found an unknown key")]
    [InlineData("nonsense.key=3", "--set nonsense.key=3: nonsense: found an unknown key")]
    [InlineData("sampling.steps=many", "--set sampling.steps=many: sampling.steps: found 'many'; expected a whole number")]
    [InlineData("sampling.steps", "--set sampling.steps: found no key=value")]
    [InlineData("=3", "--set =3: found no key=value")]
    public void Override_WhenWrong_NamesIt(string setting, string expected) => Assert.Contains(expected, Error("", setting), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenFileIsMissing_SaysSo() =>
        Assert.Contains("no such file", Assert.Throws<SpecificationException>(() => SpecificationFile.Load("/nowhere/at/all.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenFileIsNotUtf8_NamesTheByte()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("latin1.yaml", [.. "name: caf"u8, 0xE9, (byte)'\n']);
        Assert.Contains("byte 10: found bytes that are not UTF-8", Assert.Throws<SpecificationException>(() => SpecificationFile.Load(path)).Message, StringComparison.Ordinal);
    }
}
