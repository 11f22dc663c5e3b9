namespace SpoActors.Client.Tests;

/// <summary>Files as people have them, from tests/data/cases.</summary>
public sealed class CaseTests
{
    static string Case(string name) => Repository.PathOf("tests/data/cases/" + name);

    static string[] TrainSpm(TemporaryFolder folder, string data, params string[] more) =>
    [
        "train-spm", Case("common/tiny-spm.yaml"), "--set", $"model.path={Repository.PathOf("tests/data/tiny/pipeline")}", "--set", $"data.train=[{data}]", "--output", folder["runs"], .. more,
    ];

    [Fact]
    public async Task Pairs_WhenFolderHoldsHiddenFilesAndALoop_AreCountedOnce()
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
    public async Task Image_WhenItPromisesTooMuch_IsRefusedByItsRowOrLeftOut(string name)
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
