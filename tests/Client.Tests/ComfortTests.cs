using SpoActors.Client.Commands;
using SpoActors.Client.Sampling;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Client.Tests;

public sealed class ComfortTests
{
    static readonly string Model = Repository.PathOf("tests/data/tiny/pipeline");

    [Fact]
    public async Task Spo_WhenAlone_SaysWhatToDo()
    {
        var (code, output) = await Spo.Run();
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("spo doctor", output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no command 'rnu'; did you mean 'run'?", "rnu", "config/tiny.yaml")]
    [InlineData("There is no command 'statu'; did you mean 'status'?", "cluster", "statu")]
    [InlineData("There is no command 'entirely-else'.", "entirely-else")]
    [InlineData("There is no option '--resmue'; did you mean '--resume'?", "run", "a.yaml", "--resmue")]
    public async Task CommandLine_WhenMistyped_GuessesWhatWasMeant(string expected, params string[] args)
    {
        var (code, output) = await Spo.Run(args);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.StartsWith(expected, output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task Completion_WhenShellIsKnown_WritesItsScript(string shell)
    {
        var (code, output) = await Spo.Run("completion", shell);
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("[suggest:", output.StandardOutput, StringComparison.Ordinal);
        Assert.Contains($"Install: spo completion {shell}", output.StandardOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("run", "config/tiny.yaml", "rounds in a time that is unknown")]
    [InlineData("train-spm", "tests/data/cases/common/tiny-spm.yaml", "valid, 4 pairs to train on")]
    public async Task DryRun_Always_LooksAtEverythingAndBeginsNothing(string command, string config, string expected)
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(command, Repository.PathOf(config), "--dry-run", "--output", folder["runs"], "--set", $"model.path={Model}");
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Contains(expected, output.StandardOutput, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task StartDryRun_Always_LooksAtWhatIsHereAndAsksNoCluster()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("start", Repository.PathOf("config/tiny.yaml"), "--dry-run", "--cluster", folder["nowhere.yaml"], "--set", "model.path=/silos/model");
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Contains("valid, 4000 prompts", output.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("the silos', not looked at here: /silos/model", output.StandardOutput, StringComparison.Ordinal);

        (code, output) = await Spo.Run("start", Repository.PathOf("config/tiny.yaml"), "--dry-run", "--set", "training.prompts_per_round=2147483647", "--set", "prompts.limit=null");
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("training.prompts_per_round", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WhenConfigurationsAreOfAllKinds_ChecksEachAsItsOwn()
    {
        var (code, output) = await Spo.Run("doctor", Repository.PathOf("config/silo.yaml"), Repository.PathOf("tests/data/cases/common/tiny-spm.yaml"), Repository.PathOf("config/tiny.yaml"),
            "--set", $"model.path={Model}");
        Assert.True(code == ExitCode.Success, output.StandardOutput);
        foreach (var part in new[] { "a silo with cpu:0: sampler, scorer, trainer", "valid, 4 pairs to train on", "valid, 4000 prompts" })
            Assert.Contains(part, output.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WhenFolderHoldsImages_DrawsIntoOneOfItsOwn()
    {
        using var folder = new TemporaryFolder();
        string[] args = ["sample", Model, "-p", "a (red:1.3) boat", "--steps", "1", "--threads", "1", "-o", folder["s"], "--format", "json"];
        await Spo.Run(args);
        var first = await File.ReadAllBytesAsync(folder["s/0000-seed0.png"], TestContext.Current.CancellationToken);
        var (code, output) = await Spo.Run([.. args, "--seed", "7"]);
        Assert.Equal(ExitCode.Success, code);
        Assert.True(File.Exists(folder["s-2/0000-seed7.png"]));
        Assert.Equal(first, await File.ReadAllBytesAsync(folder["s/0000-seed0.png"], TestContext.Current.CancellationToken));
        Assert.Contains("\"seed\": 7", output.StandardOutput, StringComparison.Ordinal);
        Assert.Contains("such as '(red:1.3)' in prompt 1", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public void Grid_WhenPicturesAreMany_IsSplitAndLeavesOutWhatFitsNowhere()
    {
        using var folder = new TemporaryFolder();
        static LabelledGrid.Row Row(int height, int width) => new("a", [new PixelImage(height, width, 3, new byte[height * width * 3])]);
        var grids = new GridFiles(folder.Path, ["seed 0"], mostPixels: 100_000);
        for (var i = 0; i < 7; i++) grids.Add(Row(128, 128));
        grids.Add(Row(10_000, 128));
        var files = grids.Finish();
        Assert.Equal(1, grids.LeftOut);
        Assert.True(files.Count > 1);
        Assert.All(files, file => Assert.True(File.Exists(file)));
        Assert.Equal("grid-001.png", Path.GetFileName(files[0]));
    }

    [Theory]
    [InlineData("a.yaml", "a.yaml")]
    [InlineData("my file", "'my file'")]
    [InlineData("it's", "'it'\\''s'")]
    [InlineData("", "''")]
    [InlineData("x=[1, 2]", "'x=[1, 2]'")]
    public void CommandText_WhenShellWouldReadAWordOtherwise_QuotesIt(string word, string expected) => Assert.Equal(expected, CommandText.Quote(word));
}
