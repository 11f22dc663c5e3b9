using System.Runtime.CompilerServices;
using SpoActors.Specification;

namespace SpoActors.Trainer.Tests.Method;

/// <summary>Small configurations over the tiny models of the golden recordings.</summary>
static class TinyRun
{
    public static string Golden(string relative, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../data/golden", relative));

    /// <summary>SD 1.5 layout, single-step SPO.</summary>
    public static RunSpecification Sd15(string output = "runs") => Of("spo/sd15_a", output) with
    {
        Sampling = new SamplingSpecification { Steps = 6, DivertStartStep = 2, Candidates = 3, BatchSize = 2 },
    };

    /// <summary>SDXL layout, MSPO.</summary>
    public static RunSpecification Sdxl(string output = "runs") => Of("spo/sdxl_a", output) with
    {
        Sampling = new SamplingSpecification { Steps = 6, DivertStartStep = 2, Candidates = 2, InnerSteps = 1 },
    };

    static RunSpecification Of(string folder, string output) => new()
    {
        Name = "tiny",
        Output = output,
        Model = new ModelSpecification { Path = Golden($"{folder}/pipeline"), Threads = 1 },
        Judge = new JudgeSpecification { Path = Golden($"{folder}/spm") },
        Prompts = new PromptSpecification { Path = Golden($"{folder}/prompts.json") },
        Pairs = new PairSpecification { Threshold = 0 },
        Optimizer = new OptimizerSpecification { LearningRate = 1e-3 },
        Training = new TrainingSpecification { Epochs = 1, Rounds = 3, PromptsPerRound = 2, BatchSize = 3, GradientAccumulation = 2 },
        Checkpoints = new CheckpointSpecification { Every = 1, Keep = 2 },
        Evaluation = new EvaluationSpecification { Count = 0 },
    };
}
