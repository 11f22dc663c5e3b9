using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>
/// An open_clip checkpoint (HPSv2, SDXL's second text encoder) seen under transformers' keys: query, key and value lie apart there, and the projections are
/// transposed.
/// </summary>
public static partial class OpenClipWeights
{
    static readonly string[] QueryKeyValue = ["q_proj", "k_proj", "v_proj"];

    /// <summary>Whether a checkpoint has open_clip's keys.</summary>
    public static bool Recognises(ITensorSource source) => source.Tensors.ContainsKey("visual.conv1.weight");

    /// <summary>The source under <see cref="Models.Clip.ClipModel"/>'s keys; unknown keys stay as they are, to be reported. Owns the source.</summary>
    /// <exception cref="CheckpointException">Two tensors get the same key; the source is closed.</exception>
    public static MappedTensorSource AsTransformers(ITensorSource source)
    {
        var map = new Dictionary<string, MappedTensor>(StringComparer.Ordinal);
        foreach (var (key, tensor) in source.Tensors.SelectMany(t => Transformers(t.Key, t.Value.Shape)))
        {
            if (map.TryAdd(key, tensor)) continue;
            source.Dispose();
            throw new CheckpointException($"'{source.Origin}' holds '{key}' twice: as '{map[key].Source}' and as '{tensor.Source}'.");
        }
        return new MappedTensorSource(source, map);
    }

    // A tensor whose shape does not allow what its name asks for stays as it is, to be reported.
    static IEnumerable<(string Key, MappedTensor Tensor)> Transformers(string key, IReadOnlyList<long> shape)
    {
        if (key is "visual.proj" or "text_projection" && shape is [var input, var output])
            return [(key == "visual.proj" ? "visual_projection.weight" : "text_projection.weight", new MappedTensor(key, [output, input], t => t.t()))];
        return Block().Match(key) is { Success: true } block ? Layer(key, shape, block) : [(Single(key), new MappedTensor(key))];
    }

    static IEnumerable<(string Key, MappedTensor Tensor)> Layer(string key, IReadOnlyList<long> shape, Match block)
    {
        var tower = block.Groups["visual"].Success ? "vision_model" : "text_model";
        var layer = $"{tower}.encoder.layers.{block.Groups["index"].Value}.";
        var rest = block.Groups["rest"].Value;
        if (!rest.StartsWith("attn.in_proj_", StringComparison.Ordinal) || shape is not [var rows, ..] || rows % QueryKeyValue.Length != 0)
        {
            return [(layer + rest.Replace("ln_", "layer_norm", StringComparison.Ordinal).Replace("attn.", "self_attn.", StringComparison.Ordinal)
                .Replace("mlp.c_fc", "mlp.fc1", StringComparison.Ordinal).Replace("mlp.c_proj", "mlp.fc2", StringComparison.Ordinal), new MappedTensor(key))];
        }
        var width = rows / QueryKeyValue.Length;
        return QueryKeyValue.Select((name, i) => ($"{layer}self_attn.{name}.{rest["attn.in_proj_".Length..]}",
            new MappedTensor(key, [width, .. shape.Skip(1)], t => t.narrow(0, i * width, width))));
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
