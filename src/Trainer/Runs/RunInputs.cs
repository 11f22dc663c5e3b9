using System.Globalization;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Diffusion.Samplers;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// A look at the models that a run names, before any is loaded: their files' headers against the architectures that their configurations
/// describe, the LoRA against the UNet, the image size against the autoencoder.
/// </summary>
public static class RunInputs
{
    /// <exception cref="SpecificationException">Something does not fit; every problem is listed.</exception>
    public static void Check(RunSpecification run)
    {
        using var scope = NewDisposeScope();
        var (problems, plan) = (new List<Problem>(), new MethodPlan(run));
        using var model = ModelInputs.Check(run.Model, problems);
        using var judge = !plan.NeedsJudge ? null : problems.Try(run.Judge.Url is null ? "judge.path" : "judge.url", "a judge that is complete and of its kind", () => CheckJudge(run.Judge));
        if (model is not null)
        {
            CheckLora(model, run.Lora, problems);
            CheckSettings(plan.Flow == FlowKind.OwnPairs ? "data.resolution" : "sampling.height, sampling.width", "sizes that the model can draw", () => plan.LargestLatents(model));
            if (run.Evaluation is not { Count: 0, Prompts.Count: 0, Oracle: EvaluationSpecification.NoOracle })
                CheckSettings("evaluation.steps", "steps that the model's schedule has", () => problems.Try("evaluation.scheduler", "a sampler that the model's scheduler_config.json allows",
                    () => DiffusionSamplers.Create(run.Evaluation.Scheduler, model.Schedule, run.Evaluation.Steps, run.Evaluation.Eta))?.Dispose());
            CheckSettings("sampling.steps", "noise at every step that is trained", () => plan.Process(model.Schedule));
        }
        if (plan.Flow == FlowKind.OwnPairs) PairDataset.Open(run.Data, problems);
        if (judge is not null && judge.ComparesWithinCall && plan.Objective.Samples == SampleKind.Transition)
            problems.Add(new Problem("judge.kind", "a judge that compares images of one call", $"scores of images by themselves, which objective.kind {run.Objective.Kind} takes for rewards",
                "Take another judge, such as one of its members."));
        if (problems.Count == 0 && WithoutRounds(run, TrainingPrompts.Read(run).Texts) is { } none) problems.Add(none);
        if (problems.Count > 0) throw new SpecificationException($"the run '{run.Name}'", problems);

        void CheckSettings(string key, string expected, Action use)
        {
            try
            {
                use();
            }
            catch (ArgumentException e)
            {
                problems.Add(new Problem(key, e.Message, expected, "Change the setting or the model."));
            }
        }
    }

    /// <summary>The problem of a run that has too few prompts for a round; null for others.</summary>
    public static Problem? WithoutRounds(RunSpecification run, IReadOnlyList<string> prompts) => new PromptSchedule(prompts, run).RoundCount > 0 ? null :
        new Problem("training.prompts_per_round", run.Training.PromptsPerRound.ToString(CultureInfo.InvariantCulture), "at most the number of prompts, so that there is a round", "Lower it, or give more prompts.");

    static IJudge CheckJudge(JudgeSettings judge)
    {
        try
        {
            return JudgeLoader.Load(judge, META);
        }
        catch (JudgeException e)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    static void CheckLora(DiffusionModel model, LoraSpecification lora, List<Problem> problems)
    {
        if (lora.InitialWeights is { } path) problems.Try("lora.initial_weights", "a LoRA of this model", () => LoraTargets.Check(model.UNet, LoraWeights.Read(path, model.UNet, lora.Ignore)));
        else problems.Try("lora.target_modules", "the ends of linear layers' paths", () => LoraTargets.Find(model.UNet, lora.TargetModules));
    }
}
