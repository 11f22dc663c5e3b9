using SpoActors.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

/// <summary>SDXL's second text encoder as open_clip has it: query, key and value in one matrix, the projection transposed.</summary>
static class OpenClipLayout
{
    const string Prefix = "conditioner.embedders.1.model.";

    public static Dictionary<string, long[]> Shapes(Dictionary<string, long[]> transformers)
    {
        var shapes = new Dictionary<string, long[]> { [Prefix + "logit_scale"] = [] };
        foreach (var (key, shape) in transformers)
        {
            if (key == "text_projection.weight") shapes[Prefix + "text_projection"] = [shape[1], shape[0]];
            else if (Projection(key) is not { } projection) shapes[Prefix + Single(key)] = shape;
            else if (projection == 'q') shapes[Prefix + Merged(key)] = [3 * shape[0], .. shape[1..]];
        }
        return shapes;
    }

    public static Dictionary<string, Tensor> Tensors(ITensorSource transformers)
    {
        var tensors = new Dictionary<string, Tensor> { [Prefix + "logit_scale"] = tensor(4.6f) };
        foreach (var key in transformers.Tensors.Keys.Where(k => !k.EndsWith("position_ids", StringComparison.Ordinal)))
        {
            if (key == "text_projection.weight") tensors[Prefix + "text_projection"] = transformers.Load(key).t().contiguous();
            else if (Projection(key) is not { } projection) tensors[Prefix + Single(key)] = transformers.Load(key);
            else if (projection == 'q')
                tensors[Prefix + Merged(key)] = cat([.. "qkv".Select(c => transformers.Load(key.Replace("q_proj", $"{c}_proj", StringComparison.Ordinal)))]);
        }
        return tensors;
    }

    static char? Projection(string key) => "qkv".Cast<char?>().FirstOrDefault(c => key.Contains($"self_attn.{c}_proj.", StringComparison.Ordinal));

    static string Merged(string key) => Single(key).Replace("attn.q_proj.", "attn.in_proj_", StringComparison.Ordinal);

    static string Single(string key) => key switch
    {
        "text_model.embeddings.token_embedding.weight" => "token_embedding.weight",
        "text_model.embeddings.position_embedding.weight" => "positional_embedding",
        _ => key.Replace("text_model.final_layer_norm.", "ln_final.", StringComparison.Ordinal)
            .Replace("text_model.encoder.layers.", "transformer.resblocks.", StringComparison.Ordinal).Replace("self_attn.", "attn.", StringComparison.Ordinal)
            .Replace("layer_norm", "ln_", StringComparison.Ordinal).Replace("mlp.fc1", "mlp.c_fc", StringComparison.Ordinal).Replace("mlp.fc2", "mlp.c_proj", StringComparison.Ordinal),
    };
}
