using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

public sealed class JudgeSpecificationTests
{
    const string Sum = """
        model: { path: m }
        prompts: { path: q }
        judge:
          kind: sum
          members:
            - kind: pickscore
              path: a
            - { kind: remote, url: "http://scorer:8800", weight: 0.5 }
        """;

    static string[] Problems(string judge) =>
        [.. SpecificationValidator.Validate(SpecificationYaml.Parse($"model: {{ path: m }}\nprompts: {{ path: q }}\njudge: {judge}", "test"), checkFiles: false).Select(p => p.ToString())];

    [Fact]
    public void Members_WhenWrittenAndReadAgain_AreTheSame()
    {
        var run = SpecificationYaml.Parse(Sum, "test");
        Assert.Equal([(JudgeKind.Pickscore, 1), (JudgeKind.Remote, 0.5)], run.Judge.Members.Select(m => (m.Kind, m.Weight)));

        var text = SpecificationYaml.Write(run);
        var read = SpecificationYaml.Parse(text, "canonical");

        Assert.Equal(text, SpecificationYaml.Write(read));
        Assert.Equal(run.Judge.Members[1] with { Members = [] }, read.Judge.Members[1] with { Members = [] }, (a, b) => SpecificationYaml.Write(a) == SpecificationYaml.Write(b));
        Assert.Equal("0.5", SpecificationYaml.Flatten(read).ToDictionary()["judge.members[1].weight"]);
    }

    [Fact]
    public void Identity_WhenAMemberDiffers_Differs() =>
        Assert.NotEqual(SpecificationYaml.Identity(SpecificationYaml.Parse(Sum, "test")),
            SpecificationYaml.Identity(SpecificationYaml.Parse(Sum.Replace("0.5", "0.6", StringComparison.Ordinal), "test")));

    [Fact]
    public void Members_WhenTheirPathsAreRelative_BecomeAbsolute()
    {
        using var folder = new TemporaryFolder();

        var run = SpecificationPaths.Resolve(SpecificationYaml.Parse(Sum, "test"), [folder.Path]);

        Assert.Equal(Path.Combine(folder.Path, "a"), run.Judge.Members[0].Path);
        Assert.Equal("", run.Judge.Members[1].Path);
    }

    [Fact]
    public void Reading_WhenAMemberIsWrong_NamesItByItsPlace()
    {
        var error = Assert.Throws<SpecificationException>(() => SpecificationYaml.Parse("judge:\n  members:\n    - kind: spm\n    - { kind: spn, wait: 1 }\n    - spm", "test"));

        Assert.Contains("line 4: judge.members[1].kind: found 'spn'; expected one of spm, clip, pickscore, hpsv2, hpsv2_1, image_reward, aesthetic, clipscore, sum, vote, remote.", error.Message, StringComparison.Ordinal);
        Assert.Contains("judge.members[1].wait: found an unknown key;", error.Message, StringComparison.Ordinal);
        Assert.Contains("line 2: judge.members: found 'spm'; expected a list of sections.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ kind: spm }", "judge.path: found nothing; expected the judge's folder or checkpoint file.")]
    [InlineData("{ kind: aesthetic, path: p }", "judge.processor: found nothing; expected the folder of the CLIP ViT-L/14 whose image embedding the head reads.")]
    [InlineData("{ kind: spm, path: p, scale: 0 }", "judge.scale: found 0; expected above 0, or null.")]
    [InlineData("{ kind: spm, path: p, url: 'http://a' }", "judge.url: found http://a; expected its default, since the kind spm does not use it.")]
    [InlineData("{ kind: spm, path: p, timeout_seconds: 5 }", "judge.timeout_seconds: found 5; expected its default, since the kind spm does not use it.")]
    [InlineData("{ kind: clip, path: p, members: [{ path: q }] }", "judge.members: found 1 of them; expected its default, since the kind clip does not use it.")]
    [InlineData("{ kind: remote }", "judge.url: found nothing; expected the address of the judge.")]
    [InlineData("{ kind: remote, url: 'ftp://a' }", "judge.url: found ftp://a; expected http:// or https://, host and port.")]
    [InlineData("{ kind: remote, url: 'http://me:secret@a' }", "judge.url: found a password in the address; expected an address without one.")]
    [InlineData("{ kind: remote, url: 'http://a', path: p }", "judge.path: found p; expected its default, since the kind remote does not use it.")]
    [InlineData("{ kind: remote, url: 'http://a', dtype: bfloat16 }", "judge.dtype: found bfloat16; expected its default, since the kind remote does not use it.")]
    [InlineData("{ kind: remote, url: 'http://a', timeout_seconds: 0 }", "judge.timeout_seconds: found 0; expected above 0, up to a day.")]
    [InlineData("{ kind: vote, members: [{ path: p }] }", "judge.members: found 1 of them; expected two or more for a vote.")]
    [InlineData("{ kind: vote, members: [{ path: p }, { path: q, weight: 2 }] }", "judge.members[1].weight: found 2; expected its default, since a vote does not use it.")]
    [InlineData("{ kind: sum, members: [{ path: p }, { path: q, weight: 0 }] }", "judge.members[1].weight: found 0; expected a number other than 0.")]
    [InlineData("{ kind: sum, members: [{ path: p }, { path: q, batch_size: 2 }] }", "judge.members[1].batch_size: found 2; expected its default, since a member does not use it.")]
    [InlineData("{ kind: sum, members: [{ path: p }, { kind: remote }] }", "judge.members[1].url: found nothing;")]
    public void Validation_WhenTheSectionCannotBeUsed_SaysWhy(string judge, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems(judge)), StringComparison.Ordinal);
}
