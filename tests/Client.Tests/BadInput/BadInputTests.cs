using System.Buffers.Binary;
using System.IO.Hashing;
using ParquetSharp;
using SpoActors.Client.Tests.OwnPairs;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Tests.Judges.Remote;

namespace SpoActors.Client.Tests.BadInput;

/// <summary>What a user may get wrong about pairs, judges and flows ends in a message, the right exit code, and no folder in the way.</summary>
public sealed class BadInputTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public static TheoryData<bool> Ways => [true, false];

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_OnAParquetWithoutTheColumns_NamesThem(bool sequential)
    {
        using (var writer = new ParquetFileWriter(folder["pairs.parquet"], [new Column<string>("caption"), new Column<double>("label_0")]))
        {
            using var group = writer.AppendRowGroup();
            using (var captions = group.NextColumn().LogicalWriter<string>()) captions.WriteBatch(["a cat"]);
            using (var labels = group.NextColumn().LogicalWriter<double>()) labels.WriteBatch([1]);
        }
        await RefusedAsync(sequential, ExitCode.InvalidInput, "data.path: found", ["jpg_0, jpg_1, label_1"], "data.path=pairs.parquet");
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_WhenLabelsAreNoPreference_NamesTheRow(bool sequential)
    {
        PickAPicFile.Write(folder["pairs.parquet"], [new("a cat", [1], [2], 1, 0), new("a dog", [1], [2], 0.7, 0.3)]);
        await RefusedAsync(sequential, ExitCode.InvalidInput, "data.path: found", ["row 1", "0.7"], "data.path=pairs.parquet");
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_WhenAnImageHasNoTwin_NamesIt(bool sequential)
    {
        await RefusedAsync(sequential, ExitCode.InvalidInput, "data.path: found 1 images in w/ without their twin in l/", ["w/1.png"], () => File.Delete(folder["pairs/l/1.png"]));
    }

    [Theory]
    [InlineData(true, "garbage", "cannot be read"), InlineData(false, "garbage", "cannot be read")]
    [InlineData(true, "bomb", "at most 76000000 are decoded"), InlineData(false, "bomb", "at most 76000000 are decoded")]
    [InlineData(true, "inks", "is a JPEG in CMYK; expected RGB or grey"), InlineData(false, "inks", "is a JPEG in CMYK; expected RGB or grey")]
    public async Task Run_WhenAnImageCannotBeUsed_NamesItAndTheWayOn(bool sequential, string image, string expected)
    {
        await RefusedAsync(sequential, ExitCode.InvalidInput, "pair ", [expected, Path.Combine("l", "1.png"), "data.skip_undecodable"],
            () => File.WriteAllBytes(folder["pairs/l/1.png"], Image(image)));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_WhenTheObjectiveCannotUseTheFlow_SaysWhichItCan(bool sequential) =>
        await RefusedAsync(sequential, ExitCode.InvalidInput, "flow: found trajectories; expected own_pairs with objective.kind diffusion_dpo.", ["d3po, ddpo"],
            ["flow=trajectories", "data.path=", $"judge.path={Judge}", $"prompts.path={Prompts}"]);

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_WhenTheJudgesTokenizerDoesNotFit_SaysSo(bool sequential)
    {
        Directory.CreateDirectory(folder["processor"]);
        foreach (var file in Directory.GetFiles(Judge).Where(f => !f.EndsWith(".safetensors", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(folder["processor"], Path.GetFileName(file)));
        var tokenizer = Path.Combine(folder["processor"], "tokenizer_config.json");
        var text = File.ReadAllText(tokenizer);
        var shorter = System.Text.RegularExpressions.Regex.Replace(text, "\"model_max_length\": *[0-9]+", "\"model_max_length\": 8");
        Assert.NotEqual(text, shorter);
        File.WriteAllText(tokenizer, shorter);
        await RefusedAsync(sequential, ExitCode.InvalidInput, "judge.path: found The tokenizer in", ["makes 8 ids of a prompt"],
            ["data.relabel=true", $"judge.path={Judge}", $"judge.processor={folder["processor"]}"]);
    }

    [Theory]
    [InlineData("gone", "cannot be reached"), InlineData("slow", "did not answer within 0.3 seconds"), InlineData("wrong", "answered, but")]
    public async Task Run_WhenARemoteJudgeDoesNotDescribeItself_SaysWhy(string how, string expected)
    {
        using var server = new FakeJudgeServer();
        if (how == "slow") server.OnDescribe = server.Never;
        if (how == "wrong") server.OnDescribe = () => (200, "[]"u8.ToArray());
        var url = how == "gone" ? $"http://127.0.0.1:{FakeJudgeServer.FreePort()}" : server.Url;
        await RefusedAsync(sequential: false, ExitCode.InvalidInput, "judge.url: found", [expected], Remote(url));
    }

    [Theory]
    [InlineData(true, "slow", "did not answer within 0.3 seconds"), InlineData(false, "slow", "did not answer within 0.3 seconds")]
    [InlineData(true, "wrong", "answered, but"), InlineData(false, "wrong", "answered, but")]
    public async Task Run_WhenARemoteJudgeFailsLater_EndsAndSaysWhy(bool sequential, string how, string expected)
    {
        using var server = new FakeJudgeServer();
        server.OnScore = (_, _) => how == "slow" ? server.Never() : (200, "no tensors"u8.ToArray());
        await RefusedAsync(sequential, ExitCode.Failed, "The remote judge at", [expected], Remote(server.Url));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Run_WhenARemoteJudgeIsGoneLater_EndsAndSaysWhere(bool sequential)
    {
        using var judge = new VanishingJudge();
        await RefusedAsync(sequential, ExitCode.Failed, "The remote judge at", ["cannot be reached", "correct judge.url"], Remote(judge.Url));
    }

    static string[] Remote(string url) => ["data.relabel=true", "judge.kind=remote", $"judge.url={url}", "judge.timeout_seconds=0.3"];

    static string Judge => Repository.PathOf("tests/data/tiny/spm");

    static string Prompts => Repository.PathOf("config/prompts/spo_4k.json");

    /// <summary>Runs it and looks at what is left.</summary>
    async Task RefusedAsync(bool sequential, ExitCode expected, string first, string[] more, params string[] settings) =>
        await RefusedAsync(sequential, expected, first, more, () => { }, settings);

    async Task RefusedAsync(bool sequential, ExitCode expected, string first, string[] more, Action prepare, params string[] settings)
    {
        var config = OwnPairConfig.Write(folder, pairs: 2);
        prepare();
        var (code, output) = await Spo.Run(["run", config, "--output", folder["runs"], .. settings.SelectMany(s => (string[])["--set", s]), .. sequential ? ["--sequential"] : Array.Empty<string>()]);
        Assert.True(code == expected, $"{code}: {output.StandardError}");
        Assert.All([first, .. more], text => Assert.True(output.StandardError.Contains(text, StringComparison.Ordinal), output.StandardError));
        Assert.DoesNotContain("   at ", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(folder["runs"], "own")), "a run that committed nothing is in the way of the next attempt");
    }

    static byte[] Image(string kind)
    {
        switch (kind)
        {
            case "garbage": return [1, 2, 3];
            // The header of a JPEG with four components, which Adobe's marker calls inverted CMYK.
            case "inks": return [0xFF, 0xD8, 0xFF, 0xEE, 0, 4, 1, 2, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, .. new byte[12]];
            default:
                var png = PngFile.Encode(new PixelImage(1, 1, 3, [1, 2, 3]), new Dictionary<string, string>());
                BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 65_535);
                BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 65_535);
                BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc32.HashToUInt32(png.AsSpan(12, 17)));
                return png;
        }
    }
}
