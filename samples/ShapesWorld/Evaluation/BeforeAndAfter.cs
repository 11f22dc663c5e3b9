using System.Runtime.ExceptionServices;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>Measures a model on one thread while something else is trained on another, and later with an adapter on all cores.</summary>
public sealed class BeforeAndAfter : IDisposable
{
    readonly EvaluationSettings settings;
    readonly ModelEvaluation evaluation;
    readonly Action<string> say;
    readonly CancellationTokenSource stop = new();
    Thread? thread;
    IReadOnlyList<ImageVerdict>? before;
    ExceptionDispatchInfo? failure;

    /// <param name="model">A folder of this world.</param>
    /// <param name="settings">What is drawn.</param>
    /// <param name="say">Told how far it is; on any thread.</param>
    /// <exception cref="CheckpointException">There is no oracle in the folder.</exception>
    public BeforeAndAfter(string model, EvaluationSettings settings, Action<string> say)
    {
        if (!File.Exists(Path.Combine(model, ChainStages.Oracle, ShapesOracle.FileName)))
            throw new CheckpointException($"'{model}' holds no {ChainStages.Oracle}/{ShapesOracle.FileName}, which evaluation.oracle: shapes_world needs; set it to none, or use the model of models/shapes-world.");
        (this.settings, this.say, evaluation) = (settings, say, new ModelEvaluation(model, settings));
    }

    /// <summary>Starts measuring the model as it is.</summary>
    public void MeasureBefore(CancellationToken cancel)
    {
        var linked = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop.Token);
        thread = new Thread(() =>
        {
            using (linked)
            {
                try
                {
                    before = Measure("before", null, workers: 1, linked.Token);
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            }
        })
        { IsBackground = true, Name = "evaluation before training" };
        thread.Start();
    }

    /// <summary>Waits for the model as it was, measures it with an adapter, and compares.</summary>
    public EvaluationComparison Compare(string lora, CancellationToken cancel)
    {
        if (thread is null) MeasureBefore(cancel);
        thread!.Join();
        failure?.Throw();
        return EvaluationComparison.Of(before!, Measure("after", lora, Environment.ProcessorCount, cancel), settings.Seed);
    }

    public void Dispose()
    {
        stop.Cancel();
        thread?.Join();
        stop.Dispose();
    }

    IReadOnlyList<ImageVerdict> Measure(string moment, string? lora, int workers, CancellationToken cancel)
    {
        say(FormattableString.Invariant($"oracle {moment} training: {settings.Prompts} held-out prompts"));
        var verdicts = evaluation.Run(lora, workers, _ => { }, cancel);
        say(FormattableString.Invariant($"oracle {moment} training: done, aesthetics {verdicts.Average(v => v.Reading.Aesthetics):0.000}, alignment {verdicts.Average(v => v.Alignment.Soft):0.000}"));
        return verdicts;
    }
}
