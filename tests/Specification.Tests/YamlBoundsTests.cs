using System.Diagnostics;
using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

/// <summary>Configurations that are made to hurt, and what people mistype in large numbers.</summary>
public sealed class YamlBoundsTests
{
    static string Error(string text)
    {
        var watch = Stopwatch.StartNew();
        var message = Assert.Throws<SpecificationException>(() => SpecificationYaml.Parse(text, "bad.yaml")).Message;
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"{watch.Elapsed}");
        Assert.True(message.Length < 60_000, $"{message.Length} characters");
        return message;
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Reading_WhenFlowIsNestedDeeply_Refuses(char open) => Assert.Contains("more than 32 levels of nesting", Error("name: " + new string(open, 200_000)), StringComparison.Ordinal);

    [Theory]
    [InlineData("name: [a\nmodel: b")]
    [InlineData("name: {a: [b\nmodel: c")]
    public void Reading_WhenAListIsNotClosed_NamesTheLine(string text) => Assert.Contains("line 1: syntax: found something without an end", Error(text), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenBlocksAreNestedDeeply_Refuses() =>
        Assert.Contains("more than 32 levels of nesting", Error(string.Concat(Enumerable.Range(0, 1000).Select(i => new string(' ', i) + "a:\n"))), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenAliasesMultiply_Refuses()
    {
        var text = "l0: &l0 [a, a, a, a, a, a, a, a, a, a]\n" +
            string.Concat(Enumerable.Range(1, 12).Select(i => $"l{i}: &l{i} [{string.Join(", ", Enumerable.Repeat($"*l{i - 1}", 10))}]\n"));
        Assert.Contains("more than 20,000 values, those behind aliases included", Error(text), StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_WhenAliasIsInsideOfWhatItNames_Refuses() => Assert.Contains("inside of what it names", Error("judge: &a { members: [*a] }\n"), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenThereAreVeryManyKeys_Refuses() =>
        Assert.Contains("more than 20,000 values", Error(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"k{i}:\n"))), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenManyKeysAreUnknown_ListsTwentyAndCountsAll()
    {
        var message = Error(string.Concat(Enumerable.Range(0, 9000).Select(i => $"stepz{i}: 1\n")));
        Assert.Contains("has 9,000 problems", message, StringComparison.Ordinal);
        Assert.EndsWith("  - and 8,980 more.", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name: a\n---\nname: b\n", "a second document")]
    [InlineData("name: \"cut \\ud83c\"\n", "line 1")]
    [InlineData("sampling:\n  steps: 3\n  steps: 4\n", "line 3")]
    public void Reading_WhenTextIsAmbiguous_Refuses(string text, string expected) => Assert.Contains(expected, Error(text), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenAliasIsHonest_TakesIt() => Assert.Equal([3UL, 4], SpecificationYaml.Parse("evaluation: { seeds: &s [3, 4] }\n", "a").Evaluation.Seeds);

    [Fact]
    public void Override_WhenItsYamlIsBroken_NamesTheOption() =>
        Assert.Contains("--set evaluation.seeds=[[[: evaluation.seeds: found",
            Assert.Throws<SpecificationException>(() => SpecificationYaml.Parse("", "a", ["evaluation.seeds=[[["])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("run\n")]
    [InlineData("a/b")]
    [InlineData("..")]
    public void Name_WhenItIsNoFolders_IsRefused(string name) => Assert.Contains("name: found ", Assert.Throws<SpecificationException>(
        () => Validation.SpecificationValidator.EnsureValid(new RunSpecification { Name = name }, "a", checkFiles: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void Name_WhenItIsTooLong_IsRefused() => Assert.Contains("name: found 300 characters; expected at most 200", Assert.Throws<SpecificationException>(
        () => Validation.SpecificationValidator.EnsureValid(new RunSpecification { Name = new string('a', 300) }, "a", checkFiles: false)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("empty_section.yaml")]
    [InlineData("control.yaml")]
    [InlineData("empty_cluster.yaml")]
    public void SiloFile_WhenSectionIsEmpty_TakesDefaults(string name)
    {
        var settings = SiloSettingsFile.Read(Repository.PathOf("tests/data/cases/32-silo-yaml/" + name));
        Assert.Equal("s1", settings.Name);
        Assert.Equal(["sampler"], settings.Roles);
    }

    [Theory]
    [InlineData("empty_lists.yaml", "line 2: roles: found an empty list", "line 3: devices: found an empty list")]
    [InlineData("null_lists.yaml", "line 2: roles: found nothing; expected a list of text")]
    [InlineData("duplicate_key.yaml", "line 5: syntax: found ", "cluster")]
    [InlineData("duplicate_inner.yaml", "line 6: syntax: found ", "kind")]
    public void SiloFile_WhenListIsEmptyOrKeyDoubled_Refuses(string name, params string[] expected)
    {
        var error = Assert.Throws<SpecificationException>(() => SiloSettingsFile.Read(Repository.PathOf("tests/data/cases/32-silo-yaml/" + name))).Message;
        Assert.All(expected, part => Assert.Contains(part, error, StringComparison.Ordinal));
    }

    [Fact]
    public void SiloFile_WhenKeysAreMistyped_NamesAllWithTheirFix()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("silo.yaml", "rolls: [sampler]\ncluster:\n  silo_prot: 3\nhttp: { port: many }\n"u8.ToArray());
        var error = Assert.Throws<SpecificationException>(() => SiloSettingsFile.Read(path)).Message;
        foreach (var part in new[] { "line 1: rolls: found an unknown key", "Did you mean roles?", "line 3: cluster.silo_prot", "Did you mean cluster.silo_port?", "line 4: http.port: found 'many'; expected a whole number" })
            Assert.Contains(part, error, StringComparison.Ordinal);
    }
}
