using SpoActors.Plugins;

namespace SpoActors.Client.Tests;

public sealed class PluginTests
{
    [Fact]
    public async Task CommandLine_WhenAPluginLiesBesideIt_HasItsCommands()
    {
        var (code, output) = await Spo.Run("shapes", "prompts", "--count", "2");
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(2, output.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Folder_WhenBuilt_HoldsOnlyWhatTheHostLacks()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, PluginLoader.FolderName, "SpoActors.ShapesWorld");
        Assert.Equal(["SpoActors.ShapesWorld.dll"], Directory.GetFiles(folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Run_WhenNobodyKnowsItsOracle_ListsThoseThereAre()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run(Spo.TinyRun(folder.Path, "--set", "evaluation.oracle=shapes_wrld"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("evaluation.oracle: found shapes_wrld; expected none, shapes_world.", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["tiny"]));
    }

    [Fact]
    public void Load_WhenFolderHasNoAssemblyOfItsName_SaysWhatItLooksFor()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["Mine"]);
        Assert.Contains("no Mine.dll in it", Refused(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenFileIsNoAssembly_SaysSo()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["Mine"]);
        File.WriteAllText(folder["Mine/Mine.dll"], "nothing");
        Assert.Contains("Mine.dll' cannot be used", Refused(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenAssemblyIsNoPlugin_SaysWhatItLacks()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["SpoActors.Specification"]);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "SpoActors.Specification.dll"), folder["SpoActors.Specification/SpoActors.Specification.dll"]);
        Assert.Contains("has no [assembly: Plugin(typeof(...))]", Refused(folder.Path), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenAPluginIsThereTwice_NamesTheSecond()
    {
        var beside = Path.Combine(AppContext.BaseDirectory, PluginLoader.FolderName);
        var error = Assert.Throws<PluginException>(() => PluginLoader.Load([beside, beside]));
        Assert.Contains("there is an oracle 'shapes_world' already", error.Message, StringComparison.Ordinal);
    }

    static string Refused(string folder) => Assert.Throws<PluginException>(() => PluginLoader.Load([folder])).Message;
}
