using System.Globalization;
using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// What a run will take, as far as it can be known without doing it. Memory is what is held for certain: weights, the adapter with its
/// gradients and moments, and a round's latents; activations come on top, as the image size and batch have it. Time is known only from rounds that
/// were measured.
/// </summary>
/// <param name="WeightBytes">UNet, text encoders and autoencoder in their type.</param>
/// <param name="JudgeBytes">The judge's files.</param>
/// <param name="AdapterBytes">The adapter's parameters, their gradients and two moments, in float32.</param>
/// <param name="LatentBytes">The latents of one round's candidates, in float32.</param>
/// <param name="RoundsLeft">Rounds to do.</param>
/// <param name="SecondsLeft">At the pace of the rounds in the run's folder; null where there are none.</param>
public sealed record RunEstimate(long WeightBytes, long JudgeBytes, long AdapterBytes, long LatentBytes, int RoundsLeft, double? SecondsLeft)
{
    const int FloatBytes = 4, HalfBytes = 2;

    /// <summary>Value, gradient and AdamW's two moments.</summary>
    const int CopiesInTraining = 4;

    static readonly string[] WeightFiles = [".safetensors", ".bin", ".pt", ".ckpt", ".pth"];

    /// <summary>Looks at the models' headers.</summary>
    /// <param name="run">A specification whose inputs were checked.</param>
    public static RunEstimate Of(RunSpecification run)
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Load(run.Model, META);
        using var decoder = LatentDecoderLoading.Load(run.Model, META);
        var latent = model.LatentSize(run.Sampling);
        var schedule = new PromptSchedule(TrainingPrompts.Read(run).Texts, run);
        var done = RunManifest.In(RunFolder.PathOf(run))?.NextRound ?? 0;
        var measured = MetricsFile.Read(Path.Combine(RunFolder.PathOf(run), HeldFolder.MetricsFile));
        var left = Math.Max(0, schedule.RoundCount - done);
        long candidates = (long)run.Training.PromptsPerRound * run.Sampling.Steps * run.Sampling.Candidates;
        return new RunEstimate(
            (model.ParameterCount + decoder.Vae.parameters().Sum(p => p.numel())) * (run.Model.Dtype == NumberType.Float32 ? FloatBytes : HalfBytes),
            new MethodPlan(run).NeedsJudge ? FileBytes(run.Judge) : 0,
            run.Lora.InitialWeights is not null ? 0 : LoraTargets.Find(model.UNet, run.Lora.TargetModules).Sum(t => (long)run.Lora.Rank * (t.Layer.InFeatures + t.Layer.OutFeatures)) * FloatBytes * CopiesInTraining,
            candidates * latent.Channels * latent.Height * latent.Width * FloatBytes,
            left,
            measured.Count == 0 ? null : left * measured.Average(m => m.SampleSeconds + m.ScoreSeconds + m.TrainSeconds));
    }

    /// <summary>For people.</summary>
    public override string ToString()
    {
        var time = SecondsLeft is { } seconds ? $"about {TimeSpan.FromSeconds(Math.Round(seconds)):g}" : "a time that is unknown until a round of this run has been measured";
        return string.Create(CultureInfo.InvariantCulture,
            $"memory: weights {MiB(WeightBytes)}, judge {MiB(JudgeBytes)}, adapter in training {MiB(AdapterBytes)}, latents of a round {MiB(LatentBytes)}, and activations on top; {RoundsLeft} rounds in {time}");
    }

    static string MiB(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(bytes / 1048576.0):N0} MiB");

    static long FileBytes(JudgeSettings judge) => judge.Members.Sum(FileBytes) + (
        File.Exists(judge.Path) ? new FileInfo(judge.Path).Length
        : Directory.Exists(judge.Path) ? new DirectoryInfo(judge.Path).EnumerateFiles().Where(f => WeightFiles.Contains(f.Extension)).Sum(f => f.Length)
        : 0);
}
