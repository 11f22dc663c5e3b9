using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Client.Tests;

public sealed class TrainSpmCommandTests : IDisposable
{
    readonly TemporaryFolder folder = new();
    readonly string pairs, pickScore;

    public TrainSpmCommandTests()
    {
        pairs = folder["pairs.parquet"];
        PickAPicFile.Write(pairs, [.. Enumerable.Range(0, 12).Select(i => new PreferenceExample($"a cat number {i}", Picture(2 * i), Picture(2 * i + 1), i % 2, 1 - i % 2))], rowsOfAGroup: 5);
        pickScore = MakePickScore();
    }

    public void Dispose() => folder.Dispose();

    string[] Training(params string[] more) =>
    [
        "train-spm", Repository.PathOf("config/shapes-spm.yaml"), "--output", folder["runs"], "--name", "judge",
        "--set", $"model.path={Repository.PathOf("tests/data/tiny/pipeline")}", "--set", $"start.path={pickScore}", "--set", $"data.train=[{pairs}]",
        "--set", $"data.validation=[{pairs}]", "--set", "data.validation_share=0", "--set", "training.steps=2", "--set", "training.batch_size=2",
        "--set", "validation.timesteps=[0,501]", "--set", "validation.pairs=4", "--set", "checkpoints.every=1", .. more,
    ];

    [Fact]
    public async Task TrainSpm_WhenItEnds_LeavesAModelThatTheNextRunTakes()
    {
        var (code, output) = await Spo.Run(Training("--format", "json"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        using var summary = JsonDocument.Parse(output.StandardOutput);
        Assert.Equal(2, summary.RootElement.GetProperty("steps").GetInt32());
        Assert.Equal([0, 501], summary.RootElement.GetProperty("after").EnumerateArray().Select(a => a.GetProperty("timestep").GetInt32()));
        foreach (var file in new[] { "config.yaml", "manifest.json", "metrics.jsonl", "validation.jsonl", "log.txt", "model/config.json", "model/vocab.json", "checkpoints/step-000002/trainer.safetensors" })
            Assert.True(File.Exists(folder[$"runs/judge/{file}"]), $"{file} is missing");

        var model = summary.RootElement.GetProperty("model").GetString()!;
        var (runCode, runOutput) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"judge.path={model}", "--set", "training.rounds=1", "--set", "evaluation.count=0"));
        Assert.True(runCode == ExitCode.Success, runOutput.StandardError);
    }

    [Fact]
    public async Task Resume_WhenItsCheckpointIsThere_EndsWithTheSameWeights()
    {
        await Spo.Run(Training());
        var file = folder["runs/judge/model/step_aware_preference_model.safetensors"];
        var hash = AtomicFile.Hash(file);
        var (refused, _) = await Spo.Run(Training());
        Assert.Equal(ExitCode.RunConflict, refused);
        Directory.Delete(folder["runs/judge/model"], recursive: true);
        var (code, output) = await Spo.Run(Training("--resume"));
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(hash, AtomicFile.Hash(file));
    }

    [Fact]
    public async Task TrainSpm_WhenSettingsAreWrong_ListsAllAndMakesNoFolder()
    {
        var (code, output) = await Spo.Run(Training("--set", "training.epochs=2", "--set", "data.train=[/nowhere.parquet]", "--set", "training.stepz=1", "--set", "training.precision=float16"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("has 4 problems:", output.StandardError, StringComparison.Ordinal);
        Assert.Contains("training.stepz: found an unknown key", output.StandardError, StringComparison.Ordinal);
        Assert.Contains("Did you mean training.steps?", output.StandardError, StringComparison.Ordinal);
        Assert.Contains("'/nowhere.parquet', which does not exist", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task TrainSpm_WhenItIsGivenAStepAwareModel_SaysWhatItWants()
    {
        var (code, output) = await Spo.Run(Training("--set", $"start.path={Repository.PathOf("tests/data/tiny/spm")}"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("expected a plain CLIP preference model such as PickScore", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task TrainSpm_WhenAnImageCannotBeDecoded_NamesItsRow()
    {
        var broken = folder["broken.parquet"];
        PickAPicFile.Write(broken, [new PreferenceExample("a cat", Picture(1), [1, 2, 3], 1, 0)]);
        var (code, output) = await Spo.Run(Training("--set", $"data.train=[{broken}]", "--set", "validation.every=0"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains($"'{broken}', row 0: the image in jpg_1 cannot be read as a picture", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenItIsGivenAPlainModel_SaysHowToUseIt()
    {
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"judge.path={pickScore}"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("judge.kind: clip", output.StandardError, StringComparison.Ordinal);
    }

    static byte[] Picture(int seed)
    {
        const int side = 64;
        var pixels = new byte[side * side * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)(128 + 100 * Math.Sin(seed + i * 0.01 * (1 + seed % 5)));
        return PngFile.Encode(new PixelImage(side, side, 3, pixels), new Dictionary<string, string>());
    }

    string MakePickScore()
    {
        var (source, target) = (Repository.PathOf("tests/data/tiny/spm"), Directory.CreateDirectory(folder["pickscore"]).FullName);
        foreach (var file in Directory.GetFiles(source).Where(f => !f.EndsWith(".safetensors", StringComparison.Ordinal))) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        using var scope = NewDisposeScope();
        using var weights = SafetensorsFile.Open(Path.Combine(source, "model.safetensors"));
        var plain = weights.Tensors.Keys.Where(k => !k.Contains("adaLN_modulation", StringComparison.Ordinal) && !k.StartsWith("t_embedder", StringComparison.Ordinal)).ToDictionary(k => k, weights.Load);
        AtomicFile.Write(Path.Combine(target, "model.safetensors"), stream => SafetensorsWriter.Write(stream, plain));
        return target;
    }
}
