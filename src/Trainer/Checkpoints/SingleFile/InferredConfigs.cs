using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>The other components' configurations, worked out from shapes; what shapes do not tell is what the published models have.</summary>
static class InferredConfigs
{
    const int HeadWidth = 64;

    /// <param name="vae">The autoencoder under diffusers' names.</param>
    /// <param name="isXl">SDXL's has another scaling factor.</param>
    /// <exception cref="CheckpointException">A tensor that it needs is missing or misshaped.</exception>
    public static JsonElement Vae(ITensorSource vae, bool isXl)
    {
        var shapes = new TensorShapes(vae);
        var channels = shapes.Count(i => $"encoder.down_blocks.{i}.resnets.0.conv1.weight", i => shapes.Dimension($"encoder.down_blocks.{i}.resnets.0.conv1.weight", 0));
        return JsonSerializer.SerializeToElement(new JsonObject
        {
            ["_class_name"] = "AutoencoderKL",
            ["in_channels"] = shapes.Dimension("encoder.conv_in.weight", 1),
            ["out_channels"] = shapes.Dimension("decoder.conv_out.weight", 0),
            ["latent_channels"] = shapes.Dimension("decoder.conv_in.weight", 1),
            ["block_out_channels"] = new JsonArray([.. channels.Select(c => (JsonNode)c)]),
            ["down_block_types"] = new JsonArray([.. channels.Select(_ => (JsonNode)"DownEncoderBlock2D")]),
            ["up_block_types"] = new JsonArray([.. channels.Select(_ => (JsonNode)"UpDecoderBlock2D")]),
            ["layers_per_block"] = shapes.Count(i => $"encoder.down_blocks.0.resnets.{i}.conv1.weight"),
            ["sample_size"] = isXl ? 1024 : 512,
            ["scaling_factor"] = isXl ? 0.13025 : 0.18215,
        });
    }

    /// <param name="encoder">A text encoder under transformers' names.</param>
    /// <param name="isOpenClip">Trained by open_clip: exact GELU instead of the quick one.</param>
    /// <exception cref="CheckpointException">A tensor that it needs is missing or misshaped.</exception>
    public static JsonElement TextEncoder(ITensorSource encoder, bool isOpenClip)
    {
        var shapes = new TensorShapes(encoder);
        var width = shapes.Dimension("text_model.embeddings.token_embedding.weight", 1);
        return JsonSerializer.SerializeToElement(new JsonObject
        {
            ["vocab_size"] = shapes.Dimension("text_model.embeddings.token_embedding.weight", 0),
            ["hidden_size"] = width,
            ["intermediate_size"] = shapes.Dimension("text_model.encoder.layers.0.mlp.fc1.weight", 0),
            ["num_hidden_layers"] = shapes.Count(i => $"text_model.encoder.layers.{i}.mlp.fc1.weight"),
            ["num_attention_heads"] = Math.Max(1, width / HeadWidth),
            ["max_position_embeddings"] = shapes.Dimension("text_model.embeddings.position_embedding.weight", 0),
            ["hidden_act"] = isOpenClip ? "gelu" : "quick_gelu",
            ["projection_dim"] = shapes.Has("text_projection.weight") ? shapes.Dimension("text_projection.weight", 0) : width,
            ["eos_token_id"] = 2,
        });
    }

    /// <summary>The noise schedule that SD 1.x and SDXL were trained with.</summary>
    /// <param name="isXl">SDXL's folder asks for leading timesteps; SD 1.x's leaves the spacing to the sampler.</param>
    /// <param name="predictsV">Fine-tunes of SDXL that predict v hold an empty tensor v_pred.</param>
    /// <param name="zeroSnr">Those of zero terminal signal-to-noise ratio hold one named ztsnr.</param>
    public static JsonElement Scheduler(bool isXl, bool predictsV, bool zeroSnr)
    {
        var config = new JsonObject
        {
            ["_class_name"] = isXl ? "EulerDiscreteScheduler" : "PNDMScheduler",
            ["num_train_timesteps"] = 1000,
            ["beta_start"] = 0.00085,
            ["beta_end"] = 0.012,
            ["beta_schedule"] = "scaled_linear",
            ["steps_offset"] = 1,
            ["set_alpha_to_one"] = false,
            ["clip_sample"] = false,
            ["prediction_type"] = predictsV ? "v_prediction" : "epsilon",
            ["rescale_betas_zero_snr"] = zeroSnr,
        };
        if (isXl) config["timestep_spacing"] = "leading";
        return JsonSerializer.SerializeToElement(config);
    }
}
