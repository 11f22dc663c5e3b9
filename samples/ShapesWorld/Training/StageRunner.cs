using System.Globalization;
using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// Runs a stage from wherever its folder says it stands. A checkpoint is one file, replaced atomically: a crash at any moment leaves the
/// last one whole. A finished stage has <c>done.json</c> and is not run again.
/// </summary>
public sealed class StageRunner(TimeProvider time, Action<ChainProgress> report)
{
    /// <summary>Marks a finished stage and holds its figures.</summary>
    public const string DoneFile = "done.json";

    /// <summary>The one figure that differs from run to run.</summary>
    public const string SecondsKey = "seconds_since_resume";

    const string StateFile = "state.safetensors", StepKey = "step", OptimizerPrefix = "optimizer.";

    /// <summary>Steps between checkpoints.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>Steps between reports.</summary>
    public int ReportEvery { get; init; } = 25;

    public static bool IsDone(string folder) => File.Exists(Path.Combine(folder, DoneFile));

    /// <param name="name">For progress.</param>
    /// <param name="folder">Holds the checkpoint; created if absent.</param>
    /// <param name="target">Where the finished model goes.</param>
    /// <param name="create">Builds the stage with its initial weights; not called if it is finished.</param>
    /// <param name="cancel">Stops after the step at hand, with a checkpoint.</param>
    public void Run(string name, string folder, string target, Func<ITrainingStage> create, CancellationToken cancel)
    {
        if (IsDone(folder)) return;
        Directory.CreateDirectory(folder);
        using var stage = create();
        var first = Resume(stage, folder);
        var reports = new StageReports(name, stage.Steps, ReportEvery, time, report);
        for (var step = first; step < stage.Steps; step++)
        {
            if (cancel.IsCancellationRequested)
            {
                Save(stage, folder, step);
                cancel.ThrowIfCancellationRequested();
            }
            var loss = TrainStep(stage, step);
            if ((step + 1) % CheckpointEvery == 0) Save(stage, folder, step + 1);
            reports.Finished(step, loss);
        }
        Save(stage, folder, stage.Steps);
        MarkDone(folder, new Dictionary<string, double>(stage.Export(target)) { [SecondsKey] = reports.Elapsed.TotalSeconds });
    }

    /// <summary>Marks a stage as finished.</summary>
    /// <param name="folder">The stage's.</param>
    /// <param name="figures">Kept in its <c>done.json</c>.</param>
    public static void MarkDone(string folder, IReadOnlyDictionary<string, double> figures) =>
        AtomicFile.Write(Path.Combine(folder, DoneFile), JsonSerializer.SerializeToUtf8Bytes(figures));

    static double TrainStep(ITrainingStage stage, int step)
    {
        using var scope = NewDisposeScope();
        stage.Optimizer.LearningRate = stage.LearningRate(step);
        var loss = stage.ComputeGradients(step);
        stage.Optimizer.Step();
        stage.Optimizer.ZeroGrad();
        stage.AfterUpdate(step);
        return loss;
    }

    static void Save(ITrainingStage stage, string folder, int step)
    {
        using var scope = NewDisposeScope();
        var tensors = new Dictionary<string, Tensor>(stage.State, StringComparer.Ordinal);
        foreach (var (key, value) in stage.Optimizer.State()) tensors.Add(OptimizerPrefix + key, value);
        var metadata = new Dictionary<string, string> { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        AtomicFile.Write(Path.Combine(folder, StateFile), stream => SafetensorsWriter.Write(stream, tensors, metadata));
    }

    static int Resume(ITrainingStage stage, string folder)
    {
        var path = Path.Combine(folder, StateFile);
        if (!File.Exists(path)) return 0;
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var file = SafetensorsFile.Open(path);
        var own = stage.State;
        var stored = file.Tensors.Keys.Where(k => !k.StartsWith(OptimizerPrefix, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
        var wrong = own.Keys.Where(k => !stored.Contains(k)).Select(k => $"{k} is missing")
            .Concat(stored.Where(k => !own.ContainsKey(k)).Select(k => $"{k} is not expected"))
            .Concat(own.Where(o => stored.Contains(o.Key) && !file.Tensors[o.Key].Shape.SequenceEqual(o.Value.shape)).Select(o => $"{o.Key} has another shape"));
        if (string.Join("; ", wrong) is { Length: > 0 } problems)
            throw new CheckpointException($"'{path}' is not a checkpoint of this stage: {problems}. Delete the folder to train it anew.");
        foreach (var (key, value) in own) value.copy_(file.Load(key));
        stage.Optimizer.LoadState(file.Tensors.Keys.Where(k => k.StartsWith(OptimizerPrefix, StringComparison.Ordinal))
            .ToDictionary(k => k[OptimizerPrefix.Length..], file.Load, StringComparer.Ordinal));
        return int.Parse(file.Metadata[StepKey], CultureInfo.InvariantCulture);
    }
}
