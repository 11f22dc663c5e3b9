using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// A whole run on this machine by the sequential loop: loads the models, resumes from the folder's last commit if there is one, trains,
/// commits, and draws samples before and after. Blocks the calling thread, which owns the device.
/// </summary>
public sealed class LocalRun : IDisposable
{
    readonly RunSpecification run;
    readonly IRunProgress progress;
    readonly DiffusionModel model;
    readonly IJudge? judge;
    readonly LoraAdapter adapter;
    readonly ScoringStage scoring;
    readonly TrainingStage training;
    readonly SequentialLoop loop;
    readonly PromptSchedule schedule;
    readonly RunStore store;
    readonly string folder;
    readonly int promptCount;

    /// <summary>Rounds that are done, and those of them that a crash would not lose.</summary>
    int epoch, complete, committed;

    /// <param name="run">A validated specification.</param>
    /// <param name="folder">The run's folder; it exists.</param>
    /// <param name="progress">Told of everything.</param>
    /// <param name="time">Measures the stages.</param>
    /// <exception cref="SpecificationException">The prompts cannot be used.</exception>
    /// <exception cref="Checkpoints.CheckpointException">A model cannot be used.</exception>
    public LocalRun(RunSpecification run, string folder, IRunProgress progress, TimeProvider time)
    {
        (this.run, this.folder, this.progress) = (run, folder, progress);
        var prompts = TrainingPrompts.Read(run);
        promptCount = prompts.Texts.Count;
        if (run.Model.Threads > 0) set_num_threads(run.Model.Threads);
        var random = new CounterBasedRandom(run.Seed);
        model = DiffusionModel.Load(run.Model);
        var plan = new MethodPlan(run);
        judge = plan.NeedsJudge ? JudgeLoader.Load(run.Judge, model.Device) : null;
        adapter = Adapters.Create(model.UNet, run.Lora, random);
        training = new TrainingStage(model, adapter, plan, random);
        scoring = new ScoringStage(model.Decoder, judge, plan, model.Schedule, random);
        schedule = new PromptSchedule(prompts.Texts, run);
        loop = new SequentialLoop(
            new SamplingStage(model, adapter, plan, random), scoring, training, schedule, progress, time)
        {
            MayLeaveTraining = () => complete == committed,
        };
        store = new RunStore(folder, RunIdentity.Of(run, prompts), run.Checkpoints.Keep);
        Samples = new EvaluationSamples(model, run, prompts.Texts);
    }

    /// <summary>Draws the before/after samples.</summary>
    public EvaluationSamples Samples { get; }

    /// <summary>Runs, or goes on, to the end of the schedule.</summary>
    /// <param name="beforeFirstRound">Called with the untrained adapter when the run is a new one.</param>
    /// <returns>The final commit.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; all complete rounds are committed.</exception>
    public RunManifest Execute(Action? beforeFirstRound = null, CancellationToken cancellation = default)
    {
        var last = store.Resume();
        if (last is not null) training.Load(store.StatePath(last));
        else beforeFirstRound?.Invoke();
        complete = committed = last?.NextRound ?? 0;
        // A trainer of a cluster that was here before, and wakes up, is still an older one than the cluster's next.
        epoch = last?.TrainerEpoch ?? 0;
        progress.Report(new RunStarted(run.Name, folder, complete, schedule.RoundCount, promptCount));

        try
        {
            loop.Run(complete, next =>
            {
                complete = next;
                if (next % run.Checkpoints.Every == 0 || next == schedule.RoundCount) last = Commit(next);
            }, cancellation);
        }
        catch (OperationCanceledException) when (complete > committed)
        {
            // Sampling, which was cut off, leaves the trainer between two rounds.
            Commit(complete);
            throw;
        }
        // A run resumed after its last round has nothing left to do but to say so.
        last ??= Commit(schedule.RoundCount);
        progress.Report(new RunFinished(schedule.RoundCount, last.AdapterHash, last.ConsumedDigest));
        return last;
    }

    RunManifest Commit(int nextRound)
    {
        var manifest = store.Commit(nextRound, training, target => AdapterFile.Write(target, adapter), new TrainerMark(epoch, null), finished: nextRound == schedule.RoundCount);
        committed = nextRound;
        progress.Report(new CheckpointWritten(nextRound, manifest.Checkpoint, manifest.AdapterHash));
        return manifest;
    }

    public void Dispose()
    {
        training.Dispose();
        adapter.Dispose();
        scoring.Dispose();
        judge?.Dispose();
        model.Dispose();
    }
}
