using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Golden.Tests.Spo;

/// <summary>A recorded run of the reference's training script as this program's own configuration and draws.</summary>
static class ReferenceRun
{
    public static RunSpecification Specification(GoldenCase golden)
    {
        var config = golden.Config;
        var vae = golden.Path("vae_fix");
        var betas = config.GetProperty("betas");
        var batch = Int(config, "sample_batch_size");
        return new RunSpecification
        {
            Model = new ModelSpecification { Path = golden.Path("pipeline"), Vae = Directory.Exists(vae) ? vae : null },
            Judge = new JudgeSpecification { Path = golden.Path("spm"), BatchSize = int.MaxValue },
            Prompts = new PromptSpecification { Path = golden.Path("prompts.json"), Shuffle = config.GetProperty("shuffle_prompts").GetBoolean() },
            Sampling = new SamplingSpecification
            {
                Steps = Int(config, "steps"),
                Eta = Double(config, "eta"),
                GuidanceScale = Double(config, "guidance_scale"),
                Candidates = Int(config, "candidates"),
                DivertStartStep = Int(config, "divert_start_step"),
                InnerSteps = Int(config, "num_inner_step"),
                // The two scripts differ in what the last step does, whatever the number of inner steps.
                LastStep = golden.Source.Contains("sdxl", StringComparison.Ordinal) ? LastStepRule.Extend : LastStepRule.Branch,
                BatchSize = batch,
            },
            Pairs = new PairSpecification { Threshold = Double(config, "threshold") },
            Objective = new ObjectiveSpecification { Beta = Double(config, "beta"), Eps = Double(config, "eps"), Guidance = config.GetProperty("train_cfg").GetBoolean() },
            Lora = new LoraSpecification
            {
                Rank = Int(config, "lora_rank"),
                Alpha = Double(config, "lora_alpha"),
                TargetModules = [.. config.GetProperty("target_modules").EnumerateArray().Select(m => m.GetString()!)],
                MergeForSampling = false,
            },
            Optimizer = new OptimizerSpecification
            {
                LearningRate = Double(config, "learning_rate"),
                Beta1 = betas[0].GetDouble(),
                Beta2 = betas[1].GetDouble(),
                Epsilon = Double(config, "adam_epsilon"),
                WeightDecay = Double(config, "weight_decay"),
                // The reference hands clip_grad_norm_ an exhausted iterator: nothing is clipped.
                MaxGradNorm = null,
            },
            Training = new TrainingSpecification
            {
                Epochs = Int(config, "epochs"),
                PromptsPerRound = batch,
                BatchSize = Int(config, "train_batch_size"),
                GradientAccumulation = Int(config, "gradient_accumulation_steps"),
            },
        };
    }

    public static IReadOnlyList<string> Prompts(GoldenCase golden)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(golden.Path("prompts.json")));
        return [.. json.RootElement.EnumerateArray().Select(p => p.GetProperty("caption").GetString()!)];
    }

    public static RecordedDraws Draws(GoldenCase golden) => new(golden.Json.GetProperty("draws").EnumerateArray().Select(draw =>
    {
        var name = draw.GetProperty("name").GetString()!;
        return new RecordedDraw(name, draw.GetProperty("kind").GetString()!, () => golden.Tensor(name));
    }));

    static int Int(JsonElement config, string key) => config.GetProperty(key).GetInt32();

    static double Double(JsonElement config, string key) => config.GetProperty(key).GetDouble();
}
