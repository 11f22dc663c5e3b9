using SpoActors.Specification.Texts;

namespace SpoActors.Specification.Validation;

/// <summary>Checks a specification before any work starts, and reports everything that is wrong with it at once.</summary>
public static class SpecificationValidator
{
    const int MostSteps = 1000, MostCandidates = 1024;

    /// <summary>All problems; empty for a specification that can be run.</summary>
    /// <param name="run">The specification.</param>
    /// <param name="checkFiles">Whether the paths must exist on this machine.</param>
    public static IReadOnlyList<Problem> Validate(RunSpecification run, bool checkFiles = true)
    {
        var (found, flow) = (new Findings(), FlowChecks.Of(run));
        CheckModel(run, found, checkFiles);
        // Own pairs bring captions, and verdicts unless the judge is to give them.
        if (flow != FlowKind.OwnPairs || run.Data.Relabel) JudgeValidator.Check(run.Judge, "judge", run.Model.Device, found, checkFiles);
        if (flow != FlowKind.OwnPairs) CheckPrompts(run, found, checkFiles);
        FlowChecks.Check(run, found);
        OwnPairChecks.Check(run.Data, flow == FlowKind.OwnPairs, found, checkFiles);
        CheckSampling(run.Sampling, found);
        CheckPairs(run.Pairs, found);
        ObjectiveChecks.Check(run, found);
        CheckLora(run.Lora, found, checkFiles);
        OptimizerValidation.Check(run, found);
        CheckTraining(run, found);
        CheckEvaluation(run.Evaluation, found);
        CheckPipeline(run, found);
        return found.Problems;
    }

    /// <exception cref="SpecificationException">There is a problem.</exception>
    public static void EnsureValid(RunSpecification run, string source, bool checkFiles = true)
    {
        if (Validate(run, checkFiles) is { Count: > 0 } problems) throw new SpecificationException(source, problems);
    }

    static void CheckModel(RunSpecification run, Findings found, bool files)
    {
        found.Model(run.Model, files);
        found.Name(run.Name);
    }

    static void CheckPrompts(RunSpecification run, Findings found, bool files)
    {
        found.Path("prompts.path", run.Prompts.Path, files, "a .json, .jsonl, .tsv, .csv or .txt file of prompts");
        if (run.Prompts.Limit is { } limit) found.Range("prompts.limit", limit, 1, int.MaxValue, "null takes all prompts.");
        if (files && File.Exists(run.Prompts.Path) && RegularFile.Obstacle(run.Prompts.Path) is null) found.PromptsOf(run.Prompts);
    }

    static void CheckSampling(SamplingSpecification sampling, Findings found)
    {
        found.Range("sampling.steps", sampling.Steps, 1, MostSteps, "The paper uses 20.");
        found.Real("sampling.eta", sampling.Eta, double.Epsilon, 1, "above 0 and up to 1", "Without noise all candidates are equal; the paper uses 1.");
        found.Real("sampling.guidance_scale", sampling.GuidanceScale, 0, 100, "from 0 to 100", "1 switches guidance off; the paper uses 5.");
        found.Real("sampling.guidance_rescale", sampling.GuidanceRescale, 0, 1, "from 0 to 1", "0 switches it off.");
        found.Range("sampling.candidates", sampling.Candidates, 2, MostCandidates, "A pair needs two candidates; the paper uses 4.");
        found.Range("sampling.inner_steps", sampling.InnerSteps, 0, MostSteps, "0 is single-step SPO.");
        found.Range("sampling.batch_size", sampling.BatchSize, 1, 4096, "Prompts sampled together.");

        var lastStart = sampling.Steps - (Extends(sampling) ? 2 : 1);
        if (sampling.DivertStartStep < 0 || sampling.DivertStartStep > lastStart)
            found.Add("sampling.divert_start_step", sampling.DivertStartStep, $"0 to {lastStart} with {sampling.Steps} steps",
                "Candidates must be drawn at one step at least; lower it, or take more steps.");
        if (sampling.DivertEndStep is { } end && (end <= sampling.DivertStartStep || end > sampling.Steps))
            found.Add("sampling.divert_end_step", end, $"{sampling.DivertStartStep + 1} to {sampling.Steps}, or null", "It is the step after the last that draws candidates.");
        foreach (var (key, side) in new[] { ("height", sampling.Height), ("width", sampling.Width) })
            if (side is { } pixels && (pixels is < 8 or > SamplingSpecification.LargestSide || pixels % 8 != 0))
                found.Add($"sampling.{key}", pixels, $"a multiple of 8 up to {SamplingSpecification.LargestSide}, or null", "null takes the model's own size.");
    }

    static bool Extends(SamplingSpecification s) => s.LastStep == LastStepRule.Extend || (s.LastStep == LastStepRule.Auto && s.InnerSteps > 0);

    static void CheckPairs(PairSpecification pairs, Findings found)
    {
        if (pairs.Threshold is not (-1 or (>= 0 and <= 1)))
            found.Add("pairs.threshold", pairs.Threshold, "0 to 1, or -1 to keep every pair", "The paper uses 0.3 for SD 1.5 and 0.4 for SDXL.");
        if (pairs.ThresholdRule == ThresholdRule.Fixed && pairs.ThresholdMax is { } unused)
            found.Add("pairs.threshold_max", unused, "null with pairs.threshold_rule fixed", "Choose a rule: sigma, variance or timestep.");
        if (pairs.ThresholdRule != ThresholdRule.Fixed)
            found.Real("pairs.threshold_max", pairs.ThresholdMax ?? double.NaN, pairs.Threshold, 1, "from pairs.threshold to 1 with this pairs.threshold_rule", "LPO uses 0.35 to 0.5 for SD 1.5, 0.45 to 0.6 for SDXL.");
    }

    static void CheckLora(LoraSpecification lora, Findings found, bool files)
    {
        found.Range("lora.rank", lora.Rank, 1, 4096, "The paper uses 4 for SD 1.5 and 64 for SDXL.");
        if (lora.Alpha is { } alpha) found.Real("lora.alpha", alpha, double.Epsilon, 1e6, "above 0, or null", "null takes alpha = rank.");
        if (lora.TargetModules.Count == 0 || lora.TargetModules.Any(string.IsNullOrWhiteSpace))
            found.Add("lora.target_modules", lora.TargetModules.Count == 0 ? "an empty list" : "an empty name", "module names", "The paper uses [to_q, to_k, to_v, to_out.0].");
        if (lora.InitialWeights is not null) found.Path("lora.initial_weights", lora.InitialWeights, files, "a LoRA file, or null");
    }

    static void CheckTraining(RunSpecification run, Findings found)
    {
        var training = run.Training;
        found.Range("training.epochs", training.Epochs, 1, int.MaxValue, "Passes over the prompts.");
        if (training.Rounds is { } rounds) found.Range("training.rounds", rounds, 1, int.MaxValue, "null takes as many as the epochs do.");
        found.Range("training.prompts_per_round", training.PromptsPerRound, 1, int.MaxValue, "The paper uses 10 for SD 1.5.");
        found.Range("training.batch_size", training.BatchSize, 1, int.MaxValue, "Pairs in a minibatch.");
        found.Range("training.gradient_accumulation", training.GradientAccumulation, 1, int.MaxValue, "1 steps after every minibatch.");
        found.Range("training.pair_epochs", training.PairEpochs, 1, int.MaxValue, "Passes over a round's pairs.");
        found.Range("checkpoints.every", run.Checkpoints.Every, 1, int.MaxValue, "Rounds between checkpoints.");
        found.Range("checkpoints.keep", run.Checkpoints.Keep, 1, int.MaxValue, "The newest is always kept.");
    }

    static void CheckEvaluation(EvaluationSpecification evaluation, Findings found)
    {
        found.Range("evaluation.count", evaluation.Count, 0, 4096, "0 makes no grid.");
        found.Range("evaluation.steps", evaluation.Steps, 1, MostSteps, "Denoising steps of the samples.");
        found.Real("evaluation.guidance_scale", evaluation.GuidanceScale, 0, 100, "from 0 to 100", "1 switches guidance off.");
        found.Real("evaluation.eta", evaluation.Eta, 0, 1, "from 0 to 1", "0 draws no noise after the first.");
        if (evaluation.Eta > 0 && evaluation.Scheduler != SchedulerKind.Ddim) found.Add("evaluation.eta", evaluation.Eta, "0", "Only ddim has an eta.");
        found.Range("evaluation.oracle_prompts", evaluation.OraclePrompts, 1, 100_000, "256 give narrow intervals.");
        if (string.IsNullOrWhiteSpace(evaluation.Oracle)) found.Add("evaluation.oracle", "an empty name", "none, or an oracle that a plug-in brings", "none measures nothing.");
        else if (evaluation.Oracle != EvaluationSpecification.NoOracle && evaluation.Scheduler != SchedulerKind.Ddim)
            found.Add("evaluation.oracle", evaluation.Oracle, "evaluation.scheduler: ddim", "The oracle's images are drawn with DDIM.");
        if (evaluation.Seeds.Count == 0) found.Add("evaluation.seeds", "an empty list", "at least one seed", "Set evaluation.count to 0 for no samples.");
    }

    static void CheckPipeline(RunSpecification run, Findings found)
    {
        var pipeline = run.Pipeline;
        found.Range("pipeline.staleness", pipeline.Staleness, 0, 1000, "0 is strictly on-policy.");
        found.Range("pipeline.pool_capacity", pipeline.PoolCapacity, 1, int.MaxValue, "Candidate pools a scorer may hold.");
        found.Range("pipeline.pair_capacity", pipeline.PairCapacity, 1, int.MaxValue, "Scored items the trainer may hold.");
        found.Range("pipeline.channel_megabytes", pipeline.ChannelMegabytes, 1, int.MaxValue, "Megabytes each channel may hold.");
        found.Real("pipeline.lease_seconds", pipeline.LeaseSeconds, 1, 1e6, "from 1", "Longer than the slowest item takes.");
        found.Range("pipeline.priority", pipeline.Priority, 1, 1000, "1 for a run like the others.");
        found.Real("pipeline.max_set_aside", pipeline.MaxSetAside, 0, 1, "from 0 to 1", "A share of a round's items.");
        found.Range("pipeline.max_attempts", pipeline.MaxAttempts, 1, 1000, "Failures of an item before it is set aside.");
    }
}
