using System.Reflection;
using SpoActors.Client.Sampling;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Client.Tests;

/// <summary>Files as people have them, from tests/data/cases.</summary>
public sealed class CaseTests
{
    static string Case(string name) => Repository.PathOf("tests/data/cases/" + name);

    static string[] TrainSpm(TemporaryFolder folder, string data, params string[] more) =>
    [
        "train-spm", Case("common/tiny-spm.yaml"), "--set", $"model.path={Repository.PathOf("tests/data/tiny/pipeline")}", "--set", $"data.train=[{data}]", "--output", folder["runs"], .. more,
    ];

    /// <summary>Every folder has a test of its own, named by its number.</summary>
    [Fact]
    public void Cases_OfEveryFolder_HaveTheirTest()
    {
        var tests = typeof(CaseTests).Assembly.GetTypes().SelectMany(t => t.GetMethods()).Where(m => m.GetCustomAttributes<FactAttribute>().Any()).Select(m => m.Name).ToArray();
        foreach (var folder in Directory.GetDirectories(Case("")).Select(Path.GetFileName).Where(name => name != "common"))
            Assert.True(Array.Exists(tests, name => name.StartsWith($"Case{folder!.Split('-')[0]}_", StringComparison.Ordinal)), $"no test of {folder}");
    }

    [Theory]
    [InlineData("prompts.csv", "caption", 4)]
    [InlineData("prompts.tsv", "Prompt", 2)]
    public async Task Case23_PromptsThatBeginWithHash_AreDrawn(string file, string column, int count)
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("sample", Repository.PathOf("tests/data/tiny/pipeline"), "--prompts", Case($"23-csv-hash/{file}"), "--column", column, "--steps", "1", "-o", folder["s"]);
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(count, Directory.GetFiles(folder["s"], "????-seed0.png").Length);
    }

    [Theory]
    [InlineData("prompts.json", "entry 2")]
    [InlineData("prompts.jsonl", "line 2")]
    [InlineData("key.json", "entry ")]
    public async Task Case24_HalfACharacterInJson_IsRefusedByItsPlace(string file, string place)
    {
        using var folder = new TemporaryFolder();
        foreach (var command in (string[][])[["sample", Repository.PathOf("tests/data/tiny/pipeline"), "--prompts", Case($"24-json-lone-surrogate/{file}"), "-o", folder["s"]],
            ["run", Repository.PathOf("config/tiny.yaml"), "--output", folder["s"], "--set", $"prompts.path={Case($"24-json-lone-surrogate/{file}")}"]])
        {
            var (code, output) = await Spo.Run(command);
            Assert.Equal(ExitCode.InvalidInput, code);
            Assert.Contains(place, output.StandardError, StringComparison.Ordinal);
            Assert.False(Directory.Exists(folder["s"]));
        }
    }

    /// <summary>The pictures of the case, whose grid would have 2^31 bytes, without the two minutes of drawing them.</summary>
    [Fact]
    public void Case27_GridThatWouldBeTooLarge_IsSplit()
    {
        using var folder = new TemporaryFolder();
        var grids = new GridFiles(folder.Path, ["seed 0"]);
        foreach (var prompt in File.ReadLines(Case("27-grid-too-large/prompts.txt"))) grids.Add(new LabelledGrid.Row(prompt, [new PixelImage(16384, 8, 3, new byte[16384 * 8 * 3])]));
        var files = grids.Finish();
        Assert.Equal(0, grids.LeftOut);
        Assert.True(files.Count > 1);
        Assert.All(files, file => Assert.True(File.Exists(file)));
    }

    [Theory]
    [InlineData("null_lists", "line 2: roles: found nothing")]
    [InlineData("empty_lists", "line 2: roles: found an empty list")]
    [InlineData("duplicate_key", "line 5: syntax: found the key 'cluster' twice")]
    [InlineData("duplicate_inner", "line 6: syntax: found the key 'kind' twice")]
    [InlineData("empty_section", "No silo of cluster 'bugs' answers")]
    [InlineData("empty_cluster", "No silo of cluster 'spo' answers")]
    [InlineData("control", "No silo of cluster 'bugs' answers")]
    public async Task Case32_SiloYaml_IsReadOrRefusedByLine(string file, string expected)
    {
        var (code, output) = await Spo.Run("list", "--cluster", Case($"32-silo-yaml/{file}.yaml"));
        Assert.Equal(expected.StartsWith("No silo", StringComparison.Ordinal) ? ExitCode.ClusterUnavailable : ExitCode.InvalidInput, code);
        Assert.Contains(expected, output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Case37_PairsWhenFolderHoldsHiddenFilesAndALoop_AreCountedOnce()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["loop"]);
        File.Copy(Case("common/ok.parquet"), folder["loop/a.parquet"]);
        File.CreateSymbolicLink(folder["loop/again"], ".");
        foreach (var data in new[] { Case("37-parquet-folder/train"), folder["loop"] })
        {
            var (code, output) = await Spo.Run(TrainSpm(folder, data, "--dry-run"));
            Assert.True(code == ExitCode.Success, output.StandardError);
            Assert.Contains("valid, 4 pairs to train on", output.StandardOutput, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("max")]
    [InlineData("wide")]
    [InlineData("wraps_negative")]
    [InlineData("wraps_to_131072")]
    public async Task Case39_ImageThatPromisesTooMuch_IsRefusedByItsRowOrLeftOut(string name)
    {
        using var folder = new TemporaryFolder();
        var file = Case($"39-image-bombs/{name}.parquet");
        var (code, output) = await Spo.Run(TrainSpm(folder, file));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains($"'{file}', row 1: the image in ", output.StandardError, StringComparison.Ordinal);
        Assert.Contains("which is too large", output.StandardError, StringComparison.Ordinal);
        (code, output) = await Spo.Run(TrainSpm(folder, file, "--set", "data.skip_undecodable=true"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Contains("were left out because an image could not be decoded", output.StandardError, StringComparison.Ordinal);
    }
}
