using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Tests.Checkpoints;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class SchedulerConfigTests
{
    static SchedulerConfig Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return SchedulerConfig.Parse(document.RootElement, "scheduler_config.json");
    }

    // SD 1.5's file is PNDM's and lacks spacing and prediction type; its other keys count for every scheduler.
    [Fact]
    public void Parse_OfStableDiffusion15_TakesItsKeysAndTheClassDefaultsForTheRest() =>
        Assert.Equal(Schedules.StableDiffusion, Parse("""
            { "_class_name": "PNDMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000,
              "set_alpha_to_one": false, "skip_prk_steps": true, "steps_offset": 1, "trained_betas": null, "clip_sample": false }
            """));

    [Fact]
    public void Parse_OfAnEmptyFile_GivesDdimsDefaults() => Assert.Equal(new SchedulerConfig(), Parse("{}"));

    [Fact]
    public void Parse_WhenMuchIsWrong_ListsAllOfIt()
    {
        var error = Assert.Throws<CheckpointException>(() => Parse(
            """{ "beta_schedule": "sigmoid", "steps_offset": -1, "beta_end": "x", "trained_betas": [0.1] }"""));
        Assert.Equal("""
            scheduler_config.json: this scheduler is not supported:
              - beta_end is "x"; expected a finite number
              - beta_schedule is "sigmoid"; supported: linear, scaled_linear, squaredcos_cap_v2
              - trained_betas is [0.1]; supported: null
              - steps_offset is -1; expected 0 or more, below num_train_timesteps
            """, error.Message);
    }

    // Python's json writes the default of this key as a bare word.
    [Fact]
    public void Load_OfDpmSolversFile_ReadsMinusInfinity()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("scheduler_config.json", """
            { "_class_name": "DPMSolverMultistepScheduler", "lambda_min_clipped": -Infinity, "note": "NaN, \" -Infinity", "solver_order": 1,
              "solver_type": "heun", "euler_at_final": true }
            """);
        Assert.Equal(new SchedulerConfig { SolverOrder = 1, SolverType = SolverType.Heun, EulerAtFinal = true }, SchedulerConfig.Load(path));
    }

    // Hours, if every quotation mark were tried as the beginning of a text.
    [Theory]
    [InlineData("")]
    [InlineData("\\")]
    public void Load_OfALongTextThatNothingEnds_IsRefused(string end)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("scheduler_config.json", "{ \"note\": \"" + string.Concat(Enumerable.Repeat("\\\"", 1_000_000)) + end);
        Assert.Contains(path, Assert.Throws<CheckpointException>(() => SchedulerConfig.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireSupported_OfDpmSolverSettingsThatChangeTheResult_RefusesThemForThatSamplerOnly()
    {
        var config = Parse("""{ "lambda_min_clipped": -5.1, "solver_order": 3, "solver_type": "other", "algorithm_type": "sde-dpmsolver++" }""");
        config.RequireSupported("ddim");
        config.RequireSupported("euler");
        var error = Assert.Throws<CheckpointException>(() => config.RequireSupported("dpm_solver"));
        foreach (var expected in (string[])["lambda_min_clipped is -5.1", "solver_order is 3; supported: 1 or 2", "solver_type is \"other\"; supported: midpoint, heun", "algorithm_type is \"sde-dpmsolver++\""])
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    // Every class's file has keys of its own, which say nothing about the model.
    [Theory]
    [InlineData("PNDMScheduler", "\"skip_prk_steps\": true")]
    [InlineData("LMSDiscreteScheduler", "\"use_exponential_sigmas\": false")]
    [InlineData("EulerAncestralDiscreteScheduler", "\"interpolation_type\": \"log_linear\"")]
    [InlineData("HeunDiscreteScheduler", "\"use_karras_sigmas\": true")]
    [InlineData("DPMSolverSDEScheduler", "\"noise_sampler_seed\": null")]
    [InlineData("DEISMultistepScheduler", "\"algorithm_type\": \"deis\", \"solver_order\": 3, \"solver_type\": \"logrho\"")]
    [InlineData("UniPCMultistepScheduler", "\"solver_type\": \"bh2\", \"predict_x0\": true, \"solver_order\": 3")]
    [InlineData("LCMScheduler", "\"original_inference_steps\": 50, \"timestep_scaling\": 10.0")]
    [InlineData("TCDScheduler", "\"timestep_type\": \"continuous\"")]
    [InlineData("DDPMScheduler", "\"variance_type\": \"fixed_large\"")]
    [InlineData("KDPM2AncestralDiscreteScheduler", "\"sigma_min\": 0.03")]
    public void Parse_OfEveryClass_TakesBetasAndPredictionType(string name, string own)
    {
        var config = Parse($$"""{ "_class_name": "{{name}}", "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "prediction_type": "v_prediction", {{own}} }""");
        Assert.Equal((0.00085, 0.012, BetaSchedule.ScaledLinear, PredictionType.VPrediction), (config.BetaStart, config.BetaEnd, config.BetaSchedule, config.PredictionType));
        config.RequireSupported("ddim");
    }

    [Theory]
    [InlineData("""{ "_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0 }""", "without a table of betas")]
    [InlineData("""{ "_class_name": "EDMEulerScheduler" }""", "without a table of betas")]
    [InlineData("""{ "prediction_type": "flow_prediction" }""", "prediction_type is \"flow_prediction\"")]
    [InlineData("""{ "trained_betas": [0.1, 0.2] }""", "trained_betas is [0.1, 0.2]")]
    [InlineData("""{ "num_train_timesteps": 2147483647 }""", "num_train_timesteps is 2147483647; expected 1 to 100000")]
    [InlineData("""{ "beta_end": 1e999 }""", "beta_end")]
    public void Parse_OfModelsOfAnotherNoise_RefusesThem(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_OfAMissingFile_NamesIt() =>
        Assert.Contains("nowhere/scheduler_config.json", Assert.Throws<CheckpointException>(() => SchedulerConfig.Load("nowhere/scheduler_config.json")).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_OfAList_SaysWhatWasExpected() =>
        Assert.Contains("object of settings", Assert.Throws<CheckpointException>(() => Parse("[]")).Message, StringComparison.Ordinal);
}
