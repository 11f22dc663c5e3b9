using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.ImageReward;
using SpoActors.Trainer.Models.Blip;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tests.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

/// <summary>Folders of tiny judges in the layouts in which the real ones are published.</summary>
static class JudgeFolders
{
    const string ClipJson = """
        { "projection_dim": 8,
          "text_config": { "vocab_size": 58, "eos_token_id": 57, "hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 8, "hidden_act": "gelu" },
          "vision_config": { "hidden_size": 16, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 16, "patch_size": 8, "hidden_act": "gelu" } }
        """;

    const string OpenClipJson = """
        { "model_cfg": { "embed_dim": 8, "vision_cfg": { "image_size": 16, "layers": 2, "width": 16, "head_width": 8, "patch_size": 8 },
          "text_cfg": { "context_length": 8, "vocab_size": 58, "width": 16, "heads": 2, "layers": 1 } } }
        """;

    public static readonly string[] BertVocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "##s"];

    /// <summary>A CLIP in transformers' layout.</summary>
    /// <param name="opposite">With image features of the other sign: CLIPScore tells images apart only where cosines are positive.</param>
    public static string Clip(bool opposite = false) => WithTokenizer(folder =>
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), ClipJson);
        var tensors = ClipTensors();
        if (opposite) tensors["visual_projection.weight"] = -tensors["visual_projection.weight"];
        Write(Path.Combine(folder, "model.safetensors"), tensors);
    });

    /// <summary>The same CLIP in open_clip's.</summary>
    public static string OpenClip(string file) => WithTokenizer(folder =>
    {
        File.WriteAllText(Path.Combine(folder, "open_clip_config.json"), OpenClipJson);
        Write(Path.Combine(folder, file), ToOpenClip(ClipTensors()));
    });

    public static string ImageReward()
    {
        var folder = Directory.CreateTempSubdirectory("spo-image-reward-").FullName;
        var med = new { hidden_size = 24, intermediate_size = 48, num_hidden_layers = 2, num_attention_heads = 4, max_position_embeddings = 40 };
        File.WriteAllText(Path.Combine(folder, "med_config.json"), JsonSerializer.Serialize(med));
        File.WriteAllLines(Path.Combine(folder, "vocab.txt"), BertVocabulary);
        var config = new ImageRewardConfig
        {
            ImageSize = 32,
            VisionWidth = 64,
            VisionHeads = 1,
            VisionLayers = 2,
            VocabSize = BertVocabulary.Length + 2,
        }.WithText(JsonSerializer.SerializeToElement(med));
        using var scope = NewDisposeScope();
        manual_seed(6);
        Write(Path.Combine(folder, "ImageReward.safetensors"), Tensors(new ImageRewardModel(config)));
        return folder;
    }

    /// <summary>An aesthetic head's file.</summary>
    public static string AestheticHead(int width = 8)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory("spo-aesthetic-").FullName, "head.safetensors");
        using var scope = NewDisposeScope();
        manual_seed(7);
        Write(file, Tensors(new ScoreHead(width)));
        return file;
    }

    static string WithTokenizer(Action<string> fill)
    {
        var folder = TokenizerFiles.Folder("""{ "model_max_length": 8 }""");
        using var scope = NewDisposeScope();
        fill(folder);
        return folder;
    }

    static Dictionary<string, Tensor> ClipTensors()
    {
        manual_seed(5);
        using var json = JsonDocument.Parse(ClipJson);
        return Tensors(new ClipModel(ClipConfig.Parse(json.RootElement)));
    }

    // Copies: a module nobody holds any more is finalized at the next collection, and its parameters with it.
    static Dictionary<string, Tensor> Tensors(nn.Module module)
    {
        using (module) return module.state_dict().ToDictionary(p => p.Key, p => p.Value.clone());
    }

    // The other way round than OpenClipWeights.
    static Dictionary<string, Tensor> ToOpenClip(Dictionary<string, Tensor> tensors)
    {
        var open = new Dictionary<string, Tensor>();
        foreach (var (key, tensor) in tensors)
        {
            if (key.Contains(".k_proj.", StringComparison.Ordinal) || key.Contains(".v_proj.", StringComparison.Ordinal)) continue;
            if (key.Contains(".q_proj.", StringComparison.Ordinal))
                open[Name(key).Replace("self_attn.q_proj.", "attn.in_proj_", StringComparison.Ordinal)] =
                    cat([.. "qkv".Select(c => tensors[key.Replace(".q_proj.", $".{c}_proj.", StringComparison.Ordinal)])]);
            else open[Name(key)] = key is "visual_projection.weight" or "text_projection.weight" ? tensor.t().contiguous() : tensor;
        }
        return open;

        static string Name(string key) => key switch
        {
            "visual_projection.weight" => "visual.proj",
            "text_projection.weight" => "text_projection",
            "vision_model.embeddings.class_embedding" => "visual.class_embedding",
            "vision_model.embeddings.patch_embedding.weight" => "visual.conv1.weight",
            "vision_model.embeddings.position_embedding.weight" => "visual.positional_embedding",
            "text_model.embeddings.token_embedding.weight" => "token_embedding.weight",
            "text_model.embeddings.position_embedding.weight" => "positional_embedding",
            _ => key.Replace("vision_model.encoder.layers.", "visual.transformer.resblocks.", StringComparison.Ordinal)
                .Replace("text_model.encoder.layers.", "transformer.resblocks.", StringComparison.Ordinal)
                .Replace("vision_model.pre_layrnorm.", "visual.ln_pre.", StringComparison.Ordinal)
                .Replace("vision_model.post_layernorm.", "visual.ln_post.", StringComparison.Ordinal)
                .Replace("text_model.final_layer_norm.", "ln_final.", StringComparison.Ordinal)
                .Replace("layer_norm", "ln_", StringComparison.Ordinal).Replace("mlp.fc1", "mlp.c_fc", StringComparison.Ordinal)
                .Replace("mlp.fc2", "mlp.c_proj", StringComparison.Ordinal).Replace("self_attn.out_proj", "attn.out_proj", StringComparison.Ordinal),
        };
    }

    static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using var file = File.Create(path);
        SafetensorsWriter.Write(file, tensors);
    }
}
