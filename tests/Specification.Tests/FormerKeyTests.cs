using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class FormerKeyTests
{
    const string Old = """
        model: { path: m }
        preference:
          path: p
          batch_size: 3
          step_aware: false
        prompts: { path: q }
        """;

    [Fact]
    public void Reading_WhenKeysHaveTheirFormerNames_GivesWhatThePresentOnesGive()
    {
        var judge = SpecificationYaml.Parse(Old, "test").Judge;

        Assert.Equal((JudgeKind.Clip, "p", 3), (judge.Kind, judge.Path, judge.BatchSize));
        Assert.Equal(JudgeKind.Spm, SpecificationYaml.Parse("preference: { step_aware: true }", "test").Judge.Kind);
        Assert.Equal(SpecificationYaml.Write(SpecificationYaml.Parse("judge: { kind: clip, path: p, batch_size: 3 }\nmodel: { path: m }\nprompts: { path: q }", "test")),
            SpecificationYaml.Write(SpecificationYaml.Parse(Old, "test")));
    }

    [Theory]
    [InlineData("preference.path=other", "judge.path")]
    [InlineData("judge.path=other", "judge.path")]
    [InlineData("preference.step_aware=true", "judge.kind")]
    [InlineData("judge.kind=spm", "judge.kind")]
    public void Override_WhenTheFileHasTheFormerNames_TakesEitherName(string setting, string key)
    {
        var values = SpecificationYaml.Flatten(SpecificationYaml.Parse(Old, "test", [setting])).ToDictionary();

        Assert.Equal(key == "judge.path" ? "\"other\"" : "spm", values[key]);
        Assert.Equal("3", values["judge.batch_size"]);
    }

    [Fact]
    public void Override_WhenTheFileHasThePresentNames_TakesTheFormerOnes()
    {
        var judge = SpecificationYaml.Parse("judge: { kind: spm, path: p }", "test", ["preference.step_aware=false", "preference.batch_size=2"]).Judge;

        Assert.Equal((JudgeKind.Clip, "p", 2), (judge.Kind, judge.Path, judge.BatchSize));
    }

    [Fact]
    public void Reading_WhenBothNamesAreGiven_IsAProblem()
    {
        var error = Assert.Throws<SpecificationException>(() => SpecificationYaml.Parse("judge: { kind: clip, step_aware: false }\npreference: { path: p }", "test"));

        Assert.Equal("""
            test has 2 problems:
              - line 1: judge.kind: found both 'kind' and 'step_aware', its former name; expected kind alone. Merge the two.
              - line 2: judge: found both 'judge' and 'preference', its former name; expected judge alone. Merge the two.
            """.ReplaceLineEndings("\n"), error.Message);
    }

    [Fact]
    public void Problem_WhenTheKeyWasGivenByItsFormerName_NamesBothAndTheLine()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("run.yaml", Old.Replace("batch_size: 3", "batch_size: 0", StringComparison.Ordinal).Replace("step_aware: false", "step_aware: maybe", StringComparison.Ordinal));

        var error = Assert.Throws<SpecificationException>(() => SpecificationFile.Load(file, checkFiles: false));

        Assert.Contains("line 4: judge.batch_size: found 0;", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 5, as step_aware: judge.kind: found 'maybe';", error.Message, StringComparison.Ordinal);
    }
}
