using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class ExtendsTests
{
    static string Write(TemporaryFolder folder, string name, string text) => folder.Write(name, text);

    static string Error(string path) => Assert.Throws<SpecificationException>(() => SpecificationYaml.Read(path)).Message;

    [Fact]
    public void Reading_WhenFileExtendsAnother_TakesItsKeysAndReplacesItsOwn()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "long.yaml", "name: long\nsampling: { steps: 7, candidates: 3 }\nlora: { rank: 9 }\nevaluation: { seeds: [1, 2] }\n");
        var path = Write(folder, "short.yaml", "extends: long.yaml\nname: short\nsampling: { steps: 5 }\nevaluation: { seeds: [3] }\n");
        var run = SpecificationYaml.Read(path, ["lora.rank=11"]);
        Assert.Equal(("short", 5, 3, 11), (run.Name, run.Sampling.Steps, run.Sampling.Candidates, run.Lora.Rank));
        Assert.Equal([3UL], run.Evaluation.Seeds);
    }

    [Theory]
    [InlineData("{ beta: 10, eps: 0.1 }", "{ kind: lpo }", null)]
    [InlineData("{ kind: mspo, beta: 10 }", "{ kind: spo }", null)]
    [InlineData("{ beta: 10 }", "{ kind: spo, eps: 0.2 }", 10.0)]
    [InlineData("{ kind: lpo, beta: 10 }", "{ eps: 0.2 }", 10.0)]
    public void Reading_WhenTheObjectiveIsOfAnotherKind_TakesNoneOfTheOthersSettings(string below, string above, double? beta)
    {
        using var folder = new TemporaryFolder();
        Write(folder, "long.yaml", $"objective: {below}\n");
        Assert.Equal(beta, SpecificationYaml.Read(Write(folder, "short.yaml", $"extends: long.yaml\nobjective: {above}\n")).Objective.Beta);
    }

    [Fact]
    public void Reading_WhenProblemIsInTheOtherFile_NamesItAndTheLine()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "long.yaml", "name: long\nsampling:\n  stepz: 7\n");
        Assert.Contains("line 3 of long.yaml: sampling.stepz: found an unknown key", Error(Write(folder, "short.yaml", "extends: long.yaml\n")), StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_WhenTheOtherFileIsNoYaml_NamesBoth()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "long.yaml", "name: [\n");
        var error = Error(Write(folder, "short.yaml", "extends: long.yaml\n"));
        Assert.Contains("'long.yaml' (extended by '", error, StringComparison.Ordinal);
        Assert.Contains("syntax", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("extends: nowhere.yaml\n", "line 1: extends: found 'nowhere.yaml': no such file")]
    [InlineData("name: a\nextends: a.yaml\n", "line 2: extends: found 'a.yaml', which leads back to itself")]
    [InlineData("extends: [b, c]\n", "extends: found no path")]
    [InlineData("extends: .\n", "extends: found '.': a folder")]
    public void Reading_WhenExtendsIsWrong_SaysHow(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(expected, Error(Write(folder, "a.yaml", text)), StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_WhenFilesExtendEachOtherWithoutEnd_Refuses()
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < 12; i++) Write(folder, $"{i}.yaml", $"extends: {i + 1}.yaml\n");
        Assert.Contains("at most 8 files that extend each other", Error(folder.PathOf("0.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void Loading_WhenPathIsRelativeToTheOtherFile_FindsIt()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.PathOf("base"));
        Write(folder, "base/prompts.txt", "a cat\n");
        Write(folder, "base/long.yaml", "prompts: { path: prompts.txt }\n");
        var path = Write(folder, "short.yaml", "extends: base/long.yaml\nmodel: { path: m }\njudge: { path: j }\n");
        Assert.Equal(folder.PathOf("base/prompts.txt"), SpecificationFile.Load(path, checkFiles: false).Prompts.Path);
    }

    [Fact]
    public void Text_WhenItComesFromElsewhere_ExtendsNoFile() =>
        Assert.Contains("extends: found an unknown key", Assert.Throws<SpecificationException>(() => SpecificationYaml.Parse("extends: /etc/passwd\n", "a")).Message, StringComparison.Ordinal);
}
