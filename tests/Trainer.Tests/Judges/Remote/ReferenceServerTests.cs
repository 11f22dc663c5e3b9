using System.Diagnostics;
using System.Runtime.CompilerServices;
using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.Remote;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges.Remote;

/// <summary>The server of samples/remote-judge, started with Python.</summary>
public sealed class ReferenceServerTests
{
    static ReferenceServerTests() => NativeLibtorch.EnsureLoaded();

    static string Script([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../../samples/remote-judge/judge.py"));

    static Process Start(params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("python3", [Script(), "--port", "0", .. arguments]) { RedirectStandardOutput = true })!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("SPO_CI") is { Length: > 0 }, $"python3 is not installed: {e.Message}");
            throw;
        }
    }

    [Fact]
    public void Server_WhenAskedThroughTheSeam_PrefersTheBrighterImage()
    {
        var token = Path.GetTempFileName();
        File.WriteAllText(token, "s3cret");
        using var server = Start("--token-file", token);
        try
        {
            var section = new JudgeSpecification { Kind = JudgeKind.Remote, Url = server.StandardOutput.ReadLine()!, TokenFile = token };
            using var judge = JudgeLoader.Load(section, CPU);
            using var scope = NewDisposeScope();
            using var prompts = judge.Prepare(["a cat", "a dog", "a cat"]);
            var images_BCHW = stack([full([3, 8, 8], -1), full([3, 8, 8], 0.5), zeros(3, 8, 8)]);

            Assert.Equal(("brightness", JudgeInput.Images, false, 20.0), (judge.Name, judge.Input, judge.KnowsTimestep, judge.Scale));
            Assert.Equal([0f, 0.75f, 0.5f], judge.Score(images_BCHW, prompts, zeros(3)).data<float>().ToArray());
            Assert.Throws<JudgeException>(() => JudgeLoader.Load(section with { TokenFile = null }, CPU));
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
            File.Delete(token);
        }
    }
}
