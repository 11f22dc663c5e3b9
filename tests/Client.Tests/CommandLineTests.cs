namespace SpoActors.Client.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("unknown")]
    [InlineData("run")]
    [InlineData("run", "a.yaml", "--nonsense")]
    [InlineData("inspect", "a", "--format", "xml")]
    [InlineData("sample", "model")]
    [InlineData("sample", "model", "--prompt", "a", "--steps", "0")]
    [InlineData("sample", "model", "--prompt", "a", "--steps", "many")]
    [InlineData("sample", "model", "--prompt", "a", "--compare")]
    [InlineData("doctor", "--probe", "sd3")]
    [InlineData("convert", "a", "b", "--to", "onnx")]
    [InlineData("convert", "a", "b", "--dtype", "int8")]
    public async Task CommandLine_WhenWrong_ReturnsInvalidInput(params string[] args)
    {
        var (code, output) = await Spo.Run(args);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("--help", output.StandardError, StringComparison.Ordinal);
        Assert.Empty(output.StandardOutput);
    }

    [Fact]
    public async Task CommandLine_WhenChoiceIsWrong_NamesTheChoices()
    {
        var (_, output) = await Spo.Run("sample", "model", "--prompt", "a", "--scheduler", "ddpm");
        Assert.Contains("--scheduler is 'ddpm'; expected one of ddim, euler, dpm_solver.", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Doctor_WhenConfigurationsAreGiven_ChecksThem()
    {
        var (code, output) = await Spo.Run("doctor", Repository.PathOf("config/tiny.yaml"), "/nowhere.yaml");
        Assert.Equal(ExitCode.InvalidInput, code);
        var rows = Assert.Single(output.Tables).Rows;
        Assert.Contains(rows, r => r[0] == "ok" && r[1] == "libtorch");
        Assert.Contains(rows, r => r[0] == "ok" && r[2] == "valid, 4000 prompts");
        Assert.Contains(rows, r => r[0] == "error" && r[1] == "/nowhere.yaml" && r[3].Length > 0);
    }

    [Fact]
    public async Task Doctor_WhenProbeIsFloat16OnTheCpu_Refuses()
    {
        var (code, output) = await Spo.Run("doctor", "--probe", "sd15", "--dtype", "float16");
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("Use bfloat16 or float32", output.StandardError, StringComparison.Ordinal);
    }
}
