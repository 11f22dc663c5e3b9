using SpoActors.ShapesWorld.Commands;
using SpoActors.ShapesWorld.Preference;
using SpoActors.ShapesWorld.Training;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Tests;

/// <summary>The data set in <c>config/shapes</c>, and the command that makes it.</summary>
public sealed class ShippedPairsTests
{
    static readonly string Model = Repository.PathOf("models/shapes-world"), File = Repository.PathOf("config/shapes/pairs.parquet");

    static readonly IReadOnlyList<string> Training = PromptFile.Read(new PromptSpecification { Path = Repository.PathOf("config/prompts/shapes.txt") });

    public ShippedPairsTests()
    {
        NativeLibtorch.EnsureLoaded();
        set_num_threads(1);
    }

    [Fact]
    public void Pairs_Always_AreFewOfDifferentTrainingPromptsAndDecided()
    {
        var pairs = PickAPicFile.Read(File).ToArray();
        Assert.Equal(160, pairs.Length);
        Assert.Equal(pairs.Length, pairs.Select(p => p.Caption).Distinct().Count());
        Assert.All(pairs, p => Assert.Contains(p.Caption, Training));
        Assert.All(pairs, p => Assert.False(p.IsTie));
        // Whichever came first would be the better one otherwise.
        Assert.InRange(pairs.Count(p => p.Label0 == 1), 60, 100);
        Assert.InRange(new FileInfo(File).Length, 1, 3_000_000);
    }

    [Fact]
    public void Pairs_WhenMadeAgain_AreTheSameAndPreferWhatTheJudgePrefers()
    {
        using var diffusion = DiffusionModel.Load(new ModelSpecification { Path = Model });
        using var judge = JudgeLoader.Load(new JudgeSpecification { Kind = JudgeKind.Spm, Path = Path.Combine(Model, ChainStages.Spm) }, CPU);
        var prompts = PairsCommand.Choose(Training, 2, seed: 3);
        var cancel = TestContext.Current.CancellationToken;
        var (once, again) = (Make(0), Make(0));
        Assert.Equal(2, once.Count);
        Assert.Equal(once.Select(p => (p.Caption, p.Label0, Convert.ToHexString(p.Image0))), again.Select(p => (p.Caption, p.Label0, Convert.ToHexString(p.Image0))));
        foreach (var pair in once)
        {
            using var prepared = judge.Prepare([pair.Caption, pair.Caption]);
            using var images_BCHW = stack([Pixels(pair.Image0), Pixels(pair.Image1)]);
            var scores = judge.Score(images_BCHW, prepared, zeros(2)).data<float>().ToArray();
            Assert.Equal(pair.Label0 == 1, scores[0] > scores[1]);
        }
        Assert.Empty(Make(1));

        IReadOnlyList<PreferenceExample> Make(double threshold) => new JudgedPairs(diffusion, judge, seed: 5).Create(prompts, candidates: 2, threshold, _ => { }, cancel);
    }

    static Tensor Pixels(byte[] png)
    {
        var image = Trainer.Imaging.PhotoImage.Decode(png, "an image of a pair");
        return tensor(image.Data, ScalarType.Byte).view(image.Height, image.Width, 3).permute(2, 0, 1).to_type(ScalarType.Float32) / 127.5 - 1;
    }
}
