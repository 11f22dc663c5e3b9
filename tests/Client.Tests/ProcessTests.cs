using System.Diagnostics;
using System.Text.Json;

namespace SpoActors.Client.Tests;

/// <summary>The program as a process: exit status, and what goes to which stream.</summary>
public sealed class ProcessTests
{
    static async Task<(int Code, string Out, string Error)> Spo(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "spo.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [Fact]
    public async Task Process_WhenJsonIsAsked_WritesNothingElseToStandardOutput()
    {
        var (code, output, error) = await Spo("inspect", Repository.PathOf("tests/data/tiny/spm/model.safetensors"), "--format", "json");
        Assert.True(code == 0, error);
        using var json = JsonDocument.Parse(output);
        Assert.Equal("step_aware_preference_model", json.RootElement.GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Process_WhenCommandFails_WritesWhyToStandardError()
    {
        var (code, output, error) = await Spo("inspect", "/nowhere");
        Assert.Equal((3, ""), (code, output));
        Assert.Contains("'/nowhere' does not exist.", error, StringComparison.Ordinal);
    }
}
