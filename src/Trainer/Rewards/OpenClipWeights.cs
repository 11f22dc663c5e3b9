using System.Text.RegularExpressions;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Rewards;

/// <summary>
/// An open_clip checkpoint (HPSv2) seen under transformers' keys: query, key and value lie apart there, and the projections are
/// transposed.
/// </summary>
public static partial class OpenClipWeights
{
    static readonly string[] QueryKeyValue = ["q_proj", "k_proj", "v_proj"];

    /// <summary>Whether a checkpoint has open_clip's keys.</summary>
    public static bool Recognises(ITensorSource source) => source.Tensors.ContainsKey("visual.conv1.weight");

    /// <summary>The source under <see cref="Models.Clip.ClipModel"/>'s keys; unknown keys stay as they are, to be reported. Owns the source.</summary>
    public static MappedTensorSource AsTransformers(ITensorSource source)
    {
        var map = new Dictionary<string, MappedTensor>(StringComparer.Ordinal);
        foreach (var (key, description) in source.Tensors)
        {
            if (key is "visual.proj" or "text_projection")
            {
                map.Add(key == "visual.proj" ? "visual_projection.weight" : "text_projection.weight",
                    new MappedTensor(key, [description.Shape[1], description.Shape[0]], t => t.t()));
            }
            else if (Block().Match(key) is { Success: true } block) AddBlock(map, key, description, block);
            else map.Add(Single(key), new MappedTensor(key));
        }
        return new MappedTensorSource(source, map);
    }

    static void AddBlock(Dictionary<string, MappedTensor> map, string key, TensorDescription description, Match block)
    {
        var tower = block.Groups["visual"].Success ? "vision_model" : "text_model";
        var layer = $"{tower}.encoder.layers.{block.Groups["index"].Value}.";
        var rest = block.Groups["rest"].Value;
        if (!rest.StartsWith("attn.in_proj_", StringComparison.Ordinal))
        {
            map.Add(layer + rest.Replace("ln_", "layer_norm", StringComparison.Ordinal).Replace("attn.", "self_attn.", StringComparison.Ordinal)
                .Replace("mlp.c_fc", "mlp.fc1", StringComparison.Ordinal).Replace("mlp.c_proj", "mlp.fc2", StringComparison.Ordinal), new MappedTensor(key));
            return;
        }
        var width = description.Shape[0] / QueryKeyValue.Length;
        for (var i = 0; i < QueryKeyValue.Length; i++)
        {
            var start = i * width;
            map.Add($"{layer}self_attn.{QueryKeyValue[i]}.{rest["attn.in_proj_".Length..]}",
                new MappedTensor(key, [width, .. description.Shape.Skip(1)], t => t.narrow(0, start, width)));
        }
    }

    static string Single(string key) => key switch
    {
        "visual.class_embedding" => "vision_model.embeddings.class_embedding",
        "visual.conv1.weight" => "vision_model.embeddings.patch_embedding.weight",
        "visual.positional_embedding" => "vision_model.embeddings.position_embedding.weight",
        "token_embedding.weight" => "text_model.embeddings.token_embedding.weight",
        "positional_embedding" => "text_model.embeddings.position_embedding.weight",
        _ => key.Replace("visual.ln_pre.", "vision_model.pre_layrnorm.", StringComparison.Ordinal)
            .Replace("visual.ln_post.", "vision_model.post_layernorm.", StringComparison.Ordinal)
            .Replace("ln_final.", "text_model.final_layer_norm.", StringComparison.Ordinal),
    };

    [GeneratedRegex(@"^(?<visual>visual\.)?transformer\.resblocks\.(?<index>\d+)\.(?<rest>.+)$")]
    private static partial Regex Block();
}
