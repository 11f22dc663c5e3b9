using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tests.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class PublishedLayoutTests
{
    static PublishedLayoutTests() => NativeLibtorch.EnsureLoaded();

    static readonly Lazy<Dictionary<JudgeKind, JudgeSpecification>> Sections = new(() =>
    {
        var clip = JudgeFolders.Clip();
        return new JudgeSpecification[]
        {
            new() { Kind = JudgeKind.Spm, Path = TinyJudge.Data("tiny/spm") },
            new() { Kind = JudgeKind.Clip, Path = TinyJudge.PickScore() },
            new() { Kind = JudgeKind.Pickscore, Path = TinyJudge.PickScore() },
            new() { Kind = JudgeKind.Hpsv2, Path = JudgeFolders.OpenClip("open_clip_model.safetensors") },
            new() { Kind = JudgeKind.Hpsv2_1, Path = JudgeFolders.Clip() },
            new() { Kind = JudgeKind.ImageReward, Path = JudgeFolders.ImageReward() },
            new() { Kind = JudgeKind.Aesthetic, Path = JudgeFolders.AestheticHead(), Processor = clip },
            new() { Kind = JudgeKind.Clipscore, Path = JudgeFolders.Clip(opposite: true) },
        }.ToDictionary(s => s.Kind);
    });

    static readonly Lazy<JudgeSpecification> Sum = new(() => new JudgeSpecification
    {
        Kind = JudgeKind.Sum,
        Members = [.. Sections.Value.Values.Select((s, i) => new JudgeMemberSpecification { Kind = s.Kind, Path = s.Path, Processor = s.Processor, Weight = i + 1 })],
    });

    public static TheoryData<JudgeKind> Kinds => [JudgeKind.Spm, JudgeKind.Clip, JudgeKind.Pickscore, JudgeKind.Hpsv2, JudgeKind.Hpsv2_1, JudgeKind.ImageReward, JudgeKind.Aesthetic, JudgeKind.Clipscore];

    static float[] Score(IJudge judge, Tensor images_BCHW)
    {
        using var prompts = judge.Prepare(["a cat"]);
        using var rows = prompts.Rows(new int[images_BCHW.shape[0]]);
        using var scores_B = judge.Score(images_BCHW, rows, full([images_BCHW.shape[0]], 500, ScalarType.Int64));
        Assert.Equal(ScalarType.Float32, scores_B.dtype);
        return scores_B.data<float>().ToArray();
    }

    static Tensor Images()
    {
        manual_seed(9);
        return rand(3, 3, 40, 40) * 2 - 1;
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Load_WhenTheFolderIsComplete_GivesAJudgeOfPictures(JudgeKind kind)
    {
        using var scope = NewDisposeScope();
        using var judge = JudgeLoader.Load(Sections.Value[kind], CPU);

        Assert.Equal((JudgeInput.Images, kind == JudgeKind.Spm), (judge.Input, judge.KnowsTimestep));
        var scores = Score(judge, Images());
        Assert.Equal(3, scores.Distinct().Count());
        Assert.All(scores, s => Assert.True(float.IsFinite(s)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Load_WhenTheDeviceIsMeta_ChecksWithoutReading(JudgeKind kind)
    {
        using var judge = JudgeLoader.Load(Sections.Value[kind], META);

        Assert.Equal(TorchSharp.DeviceType.META, judge.Device.type);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Score_WhenTheNetworksAreBfloat16_IsNotOnItsGrid(JudgeKind kind)
    {
        using var scope = NewDisposeScope();
        using var judge = JudgeLoader.Load(Sections.Value[kind] with { Dtype = NumberType.BFloat16 }, CPU);

        Assert.Contains(Score(judge, Images()), s => tensor(s).to_type(ScalarType.BFloat16).to_type(ScalarType.Float32).item<float>() != s);
    }

    [Fact]
    public void Load_WhenTheLayoutIsOpenClips_GivesTheScoresOfTransformers()
    {
        using var scope = NewDisposeScope();
        using var open = JudgeLoader.Load(Sections.Value[JudgeKind.Hpsv2], CPU);
        using var transformers = JudgeLoader.Load(Sections.Value[JudgeKind.Hpsv2_1], CPU);

        Assert.All(Score(transformers, Images()).Zip(Score(open, Images())), p => Assert.Equal(p.First, p.Second, 1e-4f));
    }

    [Fact]
    public void Scale_WhenTheJudgeIsPublished_FollowsFromHowItWasTrained()
    {
        var temperature = Math.Exp((float)2.6592);
        foreach (var (kind, scale) in new[] { (JudgeKind.Spm, 1), (JudgeKind.Pickscore, 1), (JudgeKind.Hpsv2, temperature / 100), (JudgeKind.Clipscore, temperature / 2.5), (JudgeKind.ImageReward, 1.0333394966054072), (JudgeKind.Aesthetic, 1) })
        {
            using var judge = JudgeLoader.Load(Sections.Value[kind], CPU);
            Assert.Equal(scale, judge.Scale, 6);
        }
        using var given = JudgeLoader.Load(Sections.Value[JudgeKind.Aesthetic] with { Scale = 1.7 }, CPU);
        Assert.Equal(1.7, given.Scale);
    }

    [Fact]
    public void Sum_WhenItsMembersAreLoaded_AddsTheirLogits()
    {
        using var scope = NewDisposeScope();
        using var sum = JudgeLoader.Load(Sum.Value, CPU);
        var expected = new double[3];
        foreach (var member in Sum.Value.Members)
        {
            using var judge = JudgeLoader.Load(member, CPU);
            foreach (var (i, score) in Score(judge, Images()).Index()) expected[i] += member.Weight * judge.Scale * score;
        }

        var actual = Score(sum, Images());

        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-3 * Math.Max(1, Math.Abs(p.First)) / 10));
        Assert.True(sum.KnowsTimestep);
        Assert.False(sum.ComparesWithinCall);
    }

    [Fact]
    public void Score_WhenThePictureIsNotFinite_IsNaNForEveryJudge()
    {
        using var scope = NewDisposeScope();
        var images_BCHW = Images();
        images_BCHW[1, 0, 3, 3] = float.NaN;
        foreach (var kind in Kinds.Select(k => k.Data))
        {
            using var judge = JudgeLoader.Load(Sections.Value[kind], CPU);
            Assert.Equal([false, true, false], Score(judge, images_BCHW).Select(float.IsNaN));
        }
    }

    [Theory]
    [InlineData(JudgeKind.Clipscore)]
    [InlineData(JudgeKind.Hpsv2)]
    public void Load_WhenTheTokenizerIsAnothers_RefusesItInOneLine(JudgeKind kind)
    {
        var folder = kind == JudgeKind.Hpsv2 ? JudgeFolders.OpenClip("HPS_v2.safetensors") : JudgeFolders.Clip();
        File.Delete(Path.Combine(folder, "vocab.json"));
        var section = new JudgeSpecification { Kind = kind, Path = kind == JudgeKind.Hpsv2 ? Path.Combine(folder, "HPS_v2.safetensors") : folder };

        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(section, META));

        Assert.Equal("The tokenizer in 'this program (OpenAI's)' has 49408 tokens, but the judge's text tower has an embedding for 58; name the folder of its own tokenizer as processor.", error.Message);
    }

    [Fact]
    public void Load_WhenTheContextIsAnothers_RefusesItInOneLine()
    {
        var folder = JudgeFolders.Clip();
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{ "model_max_length": 77 }""");

        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(new JudgeSpecification { Kind = JudgeKind.Pickscore, Path = folder }, META));

        Assert.Equal($"The tokenizer in '{folder}' makes 77 ids of a prompt, but the judge's text tower has positions for 8; name the folder of its own tokenizer as processor.", error.Message);
    }

    [Fact]
    public void Load_WhenBertsVocabularyIsAnothers_RefusesItInOneLine()
    {
        var folder = JudgeFolders.ImageReward();
        File.AppendAllText(Path.Combine(folder, "vocab.txt"), "more\n");

        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(new JudgeSpecification { Kind = JudgeKind.ImageReward, Path = folder }, META));

        Assert.StartsWith($"The tokenizer in '{Path.Combine(folder, "vocab.txt")}' has 9 tokens, but the judge's text encoder has an embedding for 8 and two of BLIP's own;", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void Load_WhenTheHeadDoesNotFitTheClip_SaysBothWidths()
    {
        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(
            new JudgeSpecification { Kind = JudgeKind.Aesthetic, Path = JudgeFolders.AestheticHead(12), Processor = Sections.Value[JudgeKind.Aesthetic].Processor }, META));

        Assert.Contains("reads image embeddings of 12 numbers, but the CLIP in", error.Message, StringComparison.Ordinal);
    }
}
