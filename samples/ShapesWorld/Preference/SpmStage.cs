using SpoActors.ShapesWorld.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// Trains the step-aware preference model (paper section 4.1), or its ablation without the timestep, by the loop of <c>spo train-spm</c>; the
/// pairs are this world's, half of them fresh renders.
/// </summary>
/// <param name="chain">Seed and lengths.</param>
/// <param name="model">The chain's model folder, with the base model and PickScore, from which training starts.</param>
/// <param name="preferences">Folder of the base model's pairs.</param>
/// <param name="time">Measures the steps.</param>
public sealed class SpmStage(ChainSettings chain, string model, string preferences, TimeProvider time)
{
    /// <summary>Trains, or goes on, to the last step, and writes the model into the model folder.</summary>
    /// <param name="folder">Holds the checkpoints; its name is that of the stage, and of the model.</param>
    /// <param name="stepConditioning">False for the ablation.</param>
    /// <param name="report">Told of the progress.</param>
    /// <param name="cancel">Stops after the step at hand, with a checkpoint.</param>
    /// <returns>Figures to keep with the model.</returns>
    /// <exception cref="SpecificationException">Something that it needs is missing or damaged.</exception>
    public IReadOnlyDictionary<string, double> Run(string folder, bool stepConditioning, Action<ChainProgress> report, CancellationToken cancel)
    {
        var settings = Settings(Path.GetFileName(folder), stepConditioning);
        using var inputs = JudgeInputs.Check(settings);
        using var pairs = new PairSource(preferences, chain.Seed);
        var parts = inputs.Load() with { Pairs = pairs };
        var reports = new StageReports(settings.Name, chain.SpmSteps, chain.ReportEvery, time, report);
        Directory.CreateDirectory(folder);
        using var training = new JudgeTraining(settings, parts, folder, new Steps(reports), time) { ModelFolder = Path.Combine(model, settings.Name) };
        training.Execute(cancel);
        using var logitScale = parts.Network.Module.state_dict()["logit_scale"].exp();
        return new Dictionary<string, double> { ["logit_scale"] = logitScale.item<float>(), [StageRunner.SecondsKey] = reports.Elapsed.TotalSeconds };
    }

    /// <summary>What they leave unsaid is the paper's.</summary>
    PreferenceTrainingSpecification Settings(string name, bool stepConditioning) => new()
    {
        Name = name,
        Seed = chain.Seed,
        Model = new ModelSpecification { Path = model, Threads = 1 },
        Start = new StartSpecification { Path = Path.Combine(model, ChainStages.PickScore), StepConditioning = stepConditioning },
        Data = new PairDataSpecification { Train = [preferences] },
        Distortion = new DistortionSpecification { GuidanceScale = 4, BatchSize = 32 },
        Optimizer = new JudgeOptimizerSpecification { LearningRate = 3e-4, WarmupSteps = Math.Max(1, chain.SpmSteps / 10), WeightDecay = 0.1 },
        Training = new JudgeTrainingSpecification { Steps = chain.SpmSteps, BatchSize = 16, MicroBatchSize = 16 },
        Validation = new JudgeValidationSpecification { Every = 0 },
        Checkpoints = new JudgeCheckpointSpecification { Every = chain.CheckpointEvery, Keep = 1, ModelDtype = NumberType.Float16 },
    };

    sealed class Steps(StageReports reports) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            if (runEvent is JudgeStepFinished { Metrics: var step }) reports.Finished(step.Step, step.Loss);
        }
    }
}
