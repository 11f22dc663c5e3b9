using SpoActors.Specification;

namespace SpoActors.Trainer.Tests.Method;

/// <summary>Some twenty optimizer steps of the tiny models with every objective, each flow with what makes it differ from the others.</summary>
static class ObjectiveRun
{
    /// <summary>An objective's name, and after a dash what else the run uses.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "spo-optimizer", "mspo-sdxl", "lpo-sigma", "grad_spo", "d3po-same_start", "d3po-vote", "ddpo", "diffusion_dpo", "diffusion_dpo-sdxl", "diffusion_dpo-relabel",
        "diffusion_dpo-undecodable", "mapo-sdxl", "sdpo", "linear_dpo-optimizer",
    ];

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="folder">For own pairs and what is encoded of them.</param>
    public static RunSpecification Of(string name, string folder)
    {
        var (kind, rest) = name.Split('-') is [var first, var second] ? (first, second) : (name, "");
        var run = (rest == "sdxl" ? TinyRun.Sdxl() : TinyRun.Sd15()) with { Objective = new ObjectiveSpecification { Kind = kind } };
        run = ObjectiveKinds.Get(kind).Flows[0] switch
        {
            FlowKind.StepPools => run with { Training = Rounds(5) with { BatchSize = 2 } },
            FlowKind.Trajectories => Trajectories(run),
            _ => OwnPairs(run, Path.Combine(folder, "pairs"), Path.Combine(folder, "latents")),
        };
        return rest switch
        {
            "optimizer" => WithOptimizer(run),
            "sigma" => run with { Pairs = new PairSpecification { Threshold = 0, ThresholdRule = ThresholdRule.Sigma, ThresholdMax = 0.001 } },
            "same_start" => run with { Sampling = run.Sampling with { SameStart = true } },
            "vote" => run with { Judge = new JudgeSpecification { Kind = JudgeKind.Vote, Members = [.. Enumerable.Repeat(new JudgeMemberSpecification { Path = run.Judge.Path }, 2)] } },
            "relabel" => run with { Data = run.Data with { Relabel = true } },
            "undecodable" => Spoiled(run),
            _ => run,
        };
    }

    static TrainingSpecification Rounds(int count) => new() { Epochs = 10, Rounds = count, PromptsPerRound = 2, BatchSize = 1 };

    static RunSpecification Trajectories(RunSpecification run) => run with
    {
        Sampling = new SamplingSpecification { Steps = 5, DivertStartStep = 0, Candidates = 3, BatchSize = 2 },
        // Few prompts and several epochs, so that statistics by prompt fill up.
        Prompts = run.Prompts with { Limit = 4 },
        Objective = run.Objective.Kind == "ddpo" ? run.Objective with { StatisticsBuffer = 6, StatisticsMinimum = 4 } : run.Objective,
        Training = Rounds(4) with { BatchSize = run.Objective.Kind == "ddpo" ? 6 : 2 },
    };

    static RunSpecification OwnPairs(RunSpecification run, string pairs, string cache) => run with
    {
        Prompts = new PromptSpecification(),
        Sampling = new SamplingSpecification { BatchSize = 3 },
        Data = new OwnPairSpecification
        {
            Path = OwnPairFolder.Write(pairs, 6),
            Resolution = 64,
            Buckets = true,
            Flip = true,
            Crop = CropRule.Random,
            SizeConditioning = SizeConditioningRule.Image,
            Cache = cache,
        },
        Training = Rounds(5) with { PromptsPerRound = 4, BatchSize = 2, PairEpochs = 2 },
    };

    static RunSpecification Spoiled(RunSpecification run)
    {
        OwnPairFolder.Spoil(run.Data.Path, pair: 1);
        return run with { Data = run.Data with { SkipUndecodable = true } };
    }

    static RunSpecification WithOptimizer(RunSpecification run) => run with
    {
        Optimizer = run.Optimizer with
        {
            MaxGradNorm = 1e-3,
            LossScaling = LossScaling.Dynamic,
            Schedule = new ScheduleSpecification { Kind = ScheduleKind.Cosine, WarmupSteps = 3, Steps = 30 },
            Ema = new EmaSpecification { Decay = 0.9, Ramp = EmaRamp.Power },
        },
        Lora = run.Lora with { Alpha = 3 },
        Training = run.Training with { BatchSize = 1, GradientAccumulation = 2 },
    };
}
