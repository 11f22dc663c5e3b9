using System.Runtime.CompilerServices;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

/// <summary>A tiny PickScore, pairs of pictures, and settings that train on them in a second.</summary>
static class TinyJudge
{
    public const int Side = 64;

    static readonly Lazy<string> PickScoreFolder = new(MakePickScore);

    public static string Data(string relative) => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../data", relative));

    static string Here([CallerFilePath] string thisFile = "") => thisFile;

    /// <summary>Folder of the tiny step-aware model without its step conditioning.</summary>
    public static string PickScore() => PickScoreFolder.Value;

    /// <summary>Settings over tiny models; the pairs are in a file below <paramref name="folder"/>.</summary>
    public static PreferenceTrainingSpecification Settings(string folder, int pairs = 12)
    {
        var file = Path.Combine(folder, "pairs.parquet");
        if (!File.Exists(file)) PickAPicFile.Write(file, [.. Enumerable.Range(0, pairs).Select(Example)], rowsOfAGroup: 5);
        return new PreferenceTrainingSpecification
        {
            Name = "judge",
            Output = folder,
            Model = new ModelSpecification { Path = Data("tiny/pipeline"), Threads = 1 },
            Start = new StartSpecification { Path = PickScore() },
            Data = new PairDataSpecification { Train = [file], Validation = [file], MixedRowGroups = 2 },
            Distortion = new DistortionSpecification { BatchSize = 4 },
            Optimizer = new JudgeOptimizerSpecification { LearningRate = 1e-3, WarmupSteps = 2 },
            Training = new JudgeTrainingSpecification { Steps = 4, BatchSize = 4, MicroBatchSize = 2 },
            Validation = new JudgeValidationSpecification { Every = 2, Pairs = 5, Timesteps = [0, 501] },
            Checkpoints = new JudgeCheckpointSpecification { Every = 2 },
        };
    }

    /// <summary>Every third pair is a tie; captions are distinct.</summary>
    public static PreferenceExample Example(int i)
    {
        var label = i % 3 == 0 ? 0.5 : i % 2;
        return new PreferenceExample($"a cat number {i}", Picture(2 * i), Picture(2 * i + 1), label, 1 - label, 1 + i % 2);
    }

    /// <summary>A PNG of smooth colours.</summary>
    public static byte[] Picture(int seed)
    {
        var pixels = new byte[Side * Side * 3];
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)(128 + 100 * Math.Sin(seed + i * 0.01 * (1 + seed % 5)));
        return PngFile.Encode(new PixelImage(Side, Side, 3, pixels), new Dictionary<string, string>());
    }

    static string MakePickScore()
    {
        var source = Data("tiny/spm");
        var folder = Directory.CreateTempSubdirectory("pickscore").FullName;
        foreach (var file in Directory.GetFiles(source).Where(f => !f.EndsWith(".safetensors", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        using var scope = NewDisposeScope();
        using var weights = SafetensorsFile.Open(Path.Combine(source, "model.safetensors"));
        var plain = weights.Tensors.Keys.Where(k => !k.Contains("adaLN_modulation", StringComparison.Ordinal) && !k.StartsWith("t_embedder", StringComparison.Ordinal))
            .ToDictionary(k => k, weights.Load);
        using var target = File.Create(Path.Combine(folder, "model.safetensors"));
        SafetensorsWriter.Write(target, plain);
        return folder;
    }
}
