using System.Text.Json.Nodes;
using SpoActors.Trainer.Diffusion;

namespace SpoActors.ShapesWorld.Training;

/// <summary>The files of a diffusers folder that hold no weights: <c>model_index.json</c> and the scheduler's settings.</summary>
static class DiffusersIndex
{
    const string Version = "0.26.1";

    public static void Write(string folder)
    {
        ModelFiles.WriteJson(Path.Combine(folder, "model_index.json"), new JsonObject
        {
            ["_class_name"] = "StableDiffusionPipeline",
            ["_diffusers_version"] = Version,
            ["feature_extractor"] = ModelFiles.Array<string?>(null, null),
            ["safety_checker"] = ModelFiles.Array<string?>(null, null),
            ["requires_safety_checker"] = false,
            ["scheduler"] = ModelFiles.Array("diffusers", "DDIMScheduler"),
            ["text_encoder"] = ModelFiles.Array("transformers", "CLIPTextModel"),
            ["tokenizer"] = ModelFiles.Array("transformers", "CLIPTokenizer"),
            ["unet"] = ModelFiles.Array("diffusers", "UNet2DConditionModel"),
            ["vae"] = ModelFiles.Array("diffusers", "AutoencoderKL"),
        });
        ModelFiles.WriteJson(Path.Combine(folder, "scheduler", "scheduler_config.json"), Scheduler(UNetStage.Scheduler));
    }

    static JsonObject Scheduler(SchedulerConfig c) => new()
    {
        ["_class_name"] = "DDIMScheduler",
        ["_diffusers_version"] = Version,
        ["num_train_timesteps"] = c.NumTrainTimesteps,
        ["beta_start"] = c.BetaStart,
        ["beta_end"] = c.BetaEnd,
        ["beta_schedule"] = "scaled_linear",
        ["prediction_type"] = "epsilon",
        ["timestep_spacing"] = "leading",
        ["steps_offset"] = c.StepsOffset,
        ["set_alpha_to_one"] = c.SetAlphaToOne,
        ["clip_sample"] = c.ClipSample,
    };
}
