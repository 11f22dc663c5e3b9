using System.Text;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.Remote;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges.Remote;

public sealed class RemoteJudgeTests
{
    static readonly RemoteRetry AtOnce = new(3, TimeSpan.Zero);

    static RemoteJudgeTests() => NativeLibtorch.EnsureLoaded();

    static RemoteJudge Connect(FakeJudgeServer server, double timeout = 30, string? tokenFile = null) =>
        new(new JudgeSpecification { Kind = JudgeKind.Remote, Url = server.Url, TimeoutSeconds = timeout, TokenFile = tokenFile }, CPU, AtOnce);

    static float[] Score(RemoteJudge judge, Tensor? images_BCHW = null)
    {
        using var scope = NewDisposeScope();
        using var prompts = judge.Prepare(["a cat", "ein Hündchen"]);
        return judge.Score(images_BCHW ?? ones(2, 3, 4, 4), prompts, tensor(new long[] { 3, 4 })).data<float>().ToArray();
    }

    static byte[] Tensors(string name, Tensor tensor)
    {
        using var body = new MemoryStream();
        SafetensorsWriter.Write(body, new Dictionary<string, Tensor> { [name] = tensor });
        return body.ToArray();
    }

    static byte[] Scores(params float[] scores) => Tensors("scores", tensor(scores));

    static JudgeException ScoreFails(Func<int, byte[], (int, byte[])> answer, double timeout = 30)
    {
        using var server = new FakeJudgeServer { OnScore = answer };
        using var judge = Connect(server, timeout);
        var error = Assert.Throws<JudgeException>(() => Score(judge));
        Assert.Contains($"'{server.Url}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        return error;
    }

    [Fact]
    public void Score_WhenTheJudgeAnswers_SendsTensorsAndPromptsAndTakesTheScores()
    {
        byte[] question = [];
        using var server = new FakeJudgeServer
        {
            OnScore = (_, body) =>
            {
                question = body;
                return (200, Scores(0.25f, -1));
            }
        };
        using var judge = Connect(server);

        Assert.Equal(("fake", JudgeInput.Images, true, 2.5), (judge.Name, judge.Input, judge.KnowsTimestep, judge.Scale));
        Assert.Equal([0.25f, -1], Score(judge));

        var file = Path.GetTempFileName();
        File.WriteAllBytes(file, question);
        using var sent = SafetensorsFile.Open(file);
        Assert.Equal([2, 3, 4, 4], sent.Tensors["inputs"].Shape);
        Assert.Equal([3f, 4], sent.Load("timesteps").data<float>().ToArray());
        Assert.Equal(["a cat", "ein Hündchen"], System.Text.Json.JsonSerializer.Deserialize<string[]>(sent.Metadata["prompts"])!);
        File.Delete(file);
    }

    [Fact]
    public void Score_WhenTheJudgeIsBusyAtFirst_AsksTheSameQuestionAgain()
    {
        using var server = new FakeJudgeServer { OnScore = (before, _) => before < 2 ? (503, []) : (200, Scores(1, 2)) };
        using var judge = Connect(server);

        Assert.Equal([1f, 2], Score(judge));
        Assert.Equal(3, server.Keys.Count);
        Assert.Single(server.Keys.Distinct());
        Assert.Equal(64, server.Keys[0]!.Length);
    }

    [Fact]
    public void Score_WhenAnImageIsNotFinite_AsksAboutTheOthersAndIsNaNForIt()
    {
        using var server = new FakeJudgeServer { OnScore = (_, _) => (200, Scores(1, 2)) };
        using var judge = Connect(server);
        using var scope = NewDisposeScope();
        var images_BCHW = ones(2, 3, 4, 4);
        images_BCHW[1, 0, 0, 0] = float.NaN;

        Assert.Equal([1, float.NaN], Score(judge, images_BCHW));
    }

    [Fact]
    public void Score_WhenATokenIsNamed_SendsIt()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "s3cret\n");
        using var server = new FakeJudgeServer();
        using var judge = Connect(server, tokenFile: file);

        Assert.Equal(["Bearer s3cret"], server.Tokens);
        File.WriteAllText(file, "two words");
        Assert.Contains("does not hold a token", Assert.Throws<JudgeException>(() => Connect(server, tokenFile: file)).Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public void Judge_WhenNobodyListens_SaysItCannotBeReached()
    {
        var url = $"http://127.0.0.1:{FakeJudgeServer.FreePort()}";

        var error = Assert.Throws<JudgeException>(() => new RemoteJudge(new JudgeSpecification { Url = url }, CPU, AtOnce));

        Assert.Matches($"^The remote judge at '{url}' cannot be reached \\(.*\\), asked 3 times; start it, or correct judge.url.$", error.Message);
    }

    [Fact]
    public void Score_WhenTheJudgeIsSlow_SaysWhatToDo()
    {
        using var server = new FakeJudgeServer();
        server.OnScore = (_, _) => server.Never();
        using var judge = new RemoteJudge(new JudgeSpecification { Url = server.Url, TimeoutSeconds = 0.25 }, CPU, new RemoteRetry(2, TimeSpan.Zero));

        var error = Assert.Throws<JudgeException>(() => Score(judge));

        Assert.Equal($"The remote judge at '{server.Url}' did not answer within 0.25 seconds, asked 2 times; raise judge.timeout_seconds or lower judge.batch_size.", error.Message);
    }

    [Fact]
    public void Score_WhenTheStatusIsNotOk_ShowsItAndWhatWasSaid() =>
        Assert.Contains("with the status 400 to /score ('bad  [31mquestion'); correct the judge", ScoreFails((_, _) => (400, Encoding.UTF8.GetBytes("bad\n\u001b[31mquestion"))).Message, StringComparison.Ordinal);

    [Fact]
    public void Score_WhenTheTokenIsRefused_NamesTheSetting() =>
        Assert.Contains("asks for another token (status 401); name the file that holds it in judge.token_file.", ScoreFails((_, _) => (401, [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Score_WhenTheJudgeRedirects_DoesNotFollow() =>
        Assert.Contains("with the status 302", ScoreFails((_, _) => (302, [])).Message, StringComparison.Ordinal);

    [Fact]
    public void Score_WhenTheAnswerIsHuge_DoesNotReadIt() =>
        Assert.Contains("its answer has more than 1048576 bytes", ScoreFails((_, _) => (200, new byte[2 << 20])).Message, StringComparison.Ordinal);

    public static TheoryData<string, string> Answers => new()
    {
        { "text", "its answer is not safetensors" },
        { "pickle", "its answer is not safetensors" },
        { "empty", "its answer is not safetensors" },
        { "other name", "its answer holds no tensor 'scores'" },
        { "too many", "its scores are Float32 [3]; expected Float32 [2]" },
        { "matrix", "its scores are Float32 [2, 1]; expected Float32 [2]" },
        { "integers", "its scores are Int64 [2]; expected Float32 [2]" },
        { "nan", "1 of its 2 scores are NaN or infinite" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Score_WhenTheAnswerIsWrong_SaysWhatWasExpected(string answer, string expected)
    {
        using var scope = NewDisposeScope();
        var body = answer switch
        {
            "text" => "scores: 1, 2"u8.ToArray(),
            "pickle" => [0x80, 4, 0x95, .. new byte[60]],
            "empty" => [],
            "other name" => Tensors("score", ones(2)),
            "too many" => Scores(1, 2, 3),
            "matrix" => Tensors("scores", ones(2, 1)),
            "integers" => Tensors("scores", ones(2, ScalarType.Int64)),
            _ => Scores(1, float.NaN),
        };

        Assert.Contains(expected, ScoreFails((_, _) => (200, body)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "its description has the protocol nothing; expected 1")]
    [InlineData("not JSON", "its description is not a JSON object with protocol, name, input, knows_timestep and scale")]
    [InlineData("[1]", "its description is not a JSON object")]
    [InlineData("""{ "protocol": 2 }""", "its description has the protocol 2; expected 1")]
    [InlineData("""{ "protocol": 1, "name": "" }""", "its name is not a text of 1 to 100 characters")]
    [InlineData("""{ "protocol": 1, "name": "a", "input": "video" }""", "its input is 'video'; expected images or latents")]
    [InlineData("""{ "protocol": 1, "name": "a", "input": "images", "scale": 0, "knows_timestep": true }""", "its scale is 0; expected a number above 0")]
    public void Judge_WhenItsDescriptionIsWrong_SaysWhatIsWrong(string description, string expected)
    {
        using var server = new FakeJudgeServer { OnDescribe = () => (200, Encoding.UTF8.GetBytes(description)) };

        Assert.Contains(expected, Assert.Throws<JudgeException>(() => Connect(server)).Message, StringComparison.Ordinal);
    }
}
