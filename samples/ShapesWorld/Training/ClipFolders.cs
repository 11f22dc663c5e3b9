using System.Text.Json.Nodes;
using SpoActors.ShapesWorld.Tokenizer;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>CLIP models as transformers lays them out.</summary>
static class ClipFolders
{
    const string TextPrefix = "text_model.";

    /// <summary>Text and vision tower with tokenizer and preprocessing: what a preference model's processor is loaded from.</summary>
    public static void WriteDual(string folder, ClipConfig config, IReadOnlyDictionary<string, Tensor> weights)
    {
        ModelFiles.WriteJson(Path.Combine(folder, "config.json"), new JsonObject
        {
            ["architectures"] = ModelFiles.Array("CLIPModel"),
            ["model_type"] = "clip",
            ["torch_dtype"] = "float16",
            ["projection_dim"] = config.ProjectionDim,
            ["logit_scale_init_value"] = config.LogitScaleInitValue,
            ["text_config"] = Text(config.Text),
            ["vision_config"] = Vision(config.Vision),
        });
        ModelFiles.WriteWeights(Path.Combine(folder, "model.safetensors"), weights);
        WritePreprocessor(folder, config.Vision.ImageSize);
        TokenizerFiles.Write(folder);
    }

    /// <summary>The text tower alone, as a diffusion pipeline has it.</summary>
    public static void WriteTextEncoder(string folder, ClipTextConfig config, IReadOnlyDictionary<string, Tensor> weights)
    {
        var json = Text(config);
        json["architectures"] = ModelFiles.Array("CLIPTextModel");
        json["torch_dtype"] = "float16";
        ModelFiles.WriteJson(Path.Combine(folder, "config.json"), json);
        ModelFiles.WriteWeights(Path.Combine(folder, "model.safetensors"),
            weights.Where(w => w.Key.StartsWith(TextPrefix, StringComparison.Ordinal)).ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal));
    }

    static void WritePreprocessor(string folder, int size) => ModelFiles.WriteJson(Path.Combine(folder, "preprocessor_config.json"), new JsonObject
    {
        ["image_processor_type"] = "CLIPImageProcessor",
        ["crop_size"] = size,
        ["size"] = size,
        ["resample"] = 3,
        ["do_center_crop"] = true,
        ["do_normalize"] = true,
        ["do_resize"] = true,
        ["image_mean"] = ModelFiles.Array(0.5, 0.5, 0.5),
        ["image_std"] = ModelFiles.Array(0.5, 0.5, 0.5),
    });

    static JsonObject Text(ClipTextConfig c) => new()
    {
        ["model_type"] = "clip_text_model",
        ["vocab_size"] = c.VocabSize,
        ["hidden_size"] = c.HiddenSize,
        ["intermediate_size"] = c.IntermediateSize,
        ["num_hidden_layers"] = c.NumHiddenLayers,
        ["num_attention_heads"] = c.NumAttentionHeads,
        ["max_position_embeddings"] = c.MaxPositionEmbeddings,
        ["hidden_act"] = "quick_gelu",
        ["layer_norm_eps"] = c.LayerNormEps,
        ["projection_dim"] = c.ProjectionDim,
        ["bos_token_id"] = c.EosTokenId - 1,
        ["eos_token_id"] = c.EosTokenId,
        ["pad_token_id"] = c.EosTokenId,
    };

    static JsonObject Vision(ClipVisionConfig c) => new()
    {
        ["model_type"] = "clip_vision_model",
        ["hidden_size"] = c.HiddenSize,
        ["intermediate_size"] = c.IntermediateSize,
        ["num_hidden_layers"] = c.NumHiddenLayers,
        ["num_attention_heads"] = c.NumAttentionHeads,
        ["num_channels"] = c.NumChannels,
        ["image_size"] = c.ImageSize,
        ["patch_size"] = c.PatchSize,
        ["hidden_act"] = "quick_gelu",
        ["layer_norm_eps"] = c.LayerNormEps,
        ["projection_dim"] = c.ProjectionDim,
    };
}
