using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Progress;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>What a training works with; owned by whoever made it.</summary>
/// <param name="Network">The preference model, float32, on the base model's device.</param>
/// <param name="Pairs">Pairs to train on.</param>
/// <param name="Preparation">Distorts their images by the base model.</param>
/// <param name="Labelling">Labels them.</param>
/// <param name="Validation">Null for none.</param>
/// <param name="Processor">Folder of the files that go with the weights.</param>
public sealed record JudgeParts(JudgeNetwork Network, IPairSource Pairs, PairPreparation Preparation, PairLabelling Labelling, JudgeValidation? Validation, string Processor);

/// <summary>
/// The training of a preference model (paper section 4.1): for every step take its pairs, distort them at random timesteps, accumulate
/// gradients over parts of the batch, update. Everything random is drawn by step and place, so a resumed training ends with the same
/// weights, bit for bit.
/// </summary>
public sealed class JudgeTraining : IDisposable
{
    readonly PreferenceTrainingSpecification settings;
    readonly JudgeParts parts;
    readonly string folder;
    readonly IRunProgress progress;
    readonly TimeProvider time;
    readonly PreferenceTrainer trainer;
    readonly JudgeStore store;
    long pairsTrained;

    /// <param name="settings">A validated specification.</param>
    /// <param name="parts">What it works with.</param>
    /// <param name="folder">The training's folder; it exists.</param>
    /// <param name="progress">Told of everything.</param>
    /// <param name="time">Measures the steps.</param>
    public JudgeTraining(PreferenceTrainingSpecification settings, JudgeParts parts, string folder, IRunProgress progress, TimeProvider time)
    {
        (this.settings, this.parts, this.folder, this.progress, this.time) = (settings, parts, folder, progress, time);
        ModelFolder = Path.Combine(folder, "model");
        Steps = settings.Training.Steps ?? StepsOf(settings.Training.Epochs!.Value);
        var o = settings.Optimizer;
        trainer = new PreferenceTrainer(parts.Network,
            new OptimizerSpecification { Beta1 = o.Beta1, Beta2 = o.Beta2, Epsilon = o.Epsilon, WeightDecay = o.WeightDecay, MaxGradNorm = o.MaxGradNorm },
            new WarmupDecay(o.LearningRate, o.WarmupSteps, Steps, settings.Training.Parity ? WarmupShape.LogarithmicAsRecorded : WarmupShape.Linear),
            settings.Training.InBatchNegatives, settings.Training.Precision.ToScalarType());
        store = new JudgeStore(folder, SpecificationYaml.Identity(settings), settings.Checkpoints.Keep);
    }

    /// <summary>Optimizer steps of the whole training.</summary>
    public int Steps { get; }

    /// <summary>The finished model's folder; unless said otherwise, <c>model</c> in the training's.</summary>
    public string ModelFolder { get; init; }

    /// <summary>Trains, or goes on, to the last step, and writes the model.</summary>
    /// <returns>The final commit, and the SHA-256 of the model's weights.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the last finished step is committed, unless a validation was cancelled.</exception>
    public (JudgeManifest Manifest, string ModelHash) Execute(CancellationToken cancellation = default)
    {
        var last = store.Last();
        if (last is not null) Restore(last);
        progress.Report(new JudgeTrainingStarted(settings.Name, folder, trainer.Steps, Steps, parts.Pairs.Count, parts.Validation?.Pairs ?? 0));
        if (trainer.Steps == 0) Validate(cancellation);
        while (trainer.Steps < Steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                if (last?.NextStep != trainer.Steps) Commit();
                cancellation.ThrowIfCancellationRequested();
            }
            progress.Report(new JudgeStepFinished(TrainStep(trainer.Steps)));
            var isLast = trainer.Steps == Steps;
            // Before the commit: a crash in between then repeats the validation instead of losing it.
            if (settings.Validation.Every > 0 && (isLast || trainer.Steps % settings.Validation.Every == 0)) Validate(cancellation);
            if (isLast || trainer.Steps % settings.Checkpoints.Every == 0) last = Commit();
        }
        WarnOfPairs();
        var hash = JudgeExport.Write(ModelFolder, parts.Network, trainer.Weights(), settings.Checkpoints.ModelDtype.ToScalarType(), parts.Processor);
        progress.Report(new JudgeTrainingFinished(Steps, ModelFolder, hash));
        return (last!, hash);
    }

    public void Dispose() => trainer.Dispose();

    int StepsOf(int epochs) => parts.Pairs.Count is { } count
        ? (int)Math.Ceiling((double)count * epochs / settings.Training.BatchSize)
        : throw new ArgumentException("training.epochs needs a source of pairs that has an end; set training.steps", nameof(epochs));

    void Restore(JudgeManifest manifest)
    {
        store.Restore(manifest, trainer);
        (pairsTrained, parts.Preparation.CaptionsCut, SkippedBefore) = (manifest.Pairs, manifest.CaptionsCut, manifest.PairsSkipped);
    }

    int SkippedBefore { get; set; }

    int PairsSkipped => SkippedBefore + ((parts.Pairs as ParquetPairs)?.Skipped ?? 0);

    JudgeStepMetrics TrainStep(int step)
    {
        using var scope = NewDisposeScope();
        var (started, preparing, size) = (time.GetTimestamp(), TimeSpan.Zero, settings.Training.BatchSize);
        var pairs = parts.Pairs.Batch(step, size);
        if (pairs.Count == 0) throw new InvalidDataException($"none of the {size} pairs of step {step} can be decoded; is data.train what it should be?");
        var labels = parts.Labelling.Of(pairs);
        var weights_B = labels.Weights();
        var (loss, correct, decided) = (0.0, 0.0, 0);
        preparing += time.GetElapsedTime(started);
        for (var at = 0; at < pairs.Count; at += settings.Training.MicroBatchSize)
        {
            using var part = NewDisposeScope();
            var begun = time.GetTimestamp();
            var count = Math.Min(settings.Training.MicroBatchSize, pairs.Count - at);
            var batch = parts.Preparation.ForTraining(step, at, [.. pairs.Skip(at).Take(count)], labels.Part(at, count));
            preparing += time.GetElapsedTime(begun);
            var result = trainer.Accumulate(batch, weights_B.narrow(0, at, count).to(batch.Labels.First_B.device));
            loss += result.Loss;
            correct += result.Accuracy;
            decided += result.Decided;
        }
        var update = trainer.Update(loss);
        pairsTrained += pairs.Count;
        return new JudgeStepMetrics
        {
            Step = step,
            Pairs = pairs.Count,
            Loss = update.Loss,
            Accuracy = decided == 0 ? null : correct / decided,
            GradientNorm = update.GradientNorm,
            LearningRate = update.LearningRate,
            PrepareSeconds = preparing.TotalSeconds,
            TrainSeconds = (time.GetElapsedTime(started) - preparing).TotalSeconds,
        };
    }

    void Validate(CancellationToken cancellation)
    {
        if (parts.Validation is null || settings.Validation.Every == 0) return;
        progress.Report(new JudgeValidated(parts.Validation.Run(trainer.Steps, trainer, parts.Preparation, parts.Labelling, settings.Training.MicroBatchSize,
            (done, total) => progress.Report(new JudgeValidationProgress(done, total)), cancellation)));
    }

    JudgeManifest Commit()
    {
        var manifest = store.Commit(trainer, pairsTrained, parts.Preparation.CaptionsCut, PairsSkipped);
        progress.Report(new JudgeCheckpointWritten(manifest.NextStep, manifest.Checkpoint, manifest.StateHash));
        return manifest;
    }

    void WarnOfPairs()
    {
        if (parts.Preparation.CaptionsCut is > 0 and var cut)
            progress.Report(new RunMessage(MessageLevel.Warning, $"{cut} of {pairsTrained} captions were longer than the preference model's context and were cut."));
        if (PairsSkipped is > 0 and var skipped)
            progress.Report(new RunMessage(MessageLevel.Warning, $"{skipped} pairs were left out because an image could not be decoded."));
    }
}
