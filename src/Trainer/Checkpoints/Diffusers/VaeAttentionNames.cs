using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary>
/// The autoencoder's attention had other names in early diffusers (SD 1.5's published file has them), and its projections are 1x1
/// convolutions in files of some converters.
/// </summary>
static partial class VaeAttentionNames
{
    /// <summary>A view under the present names; the source itself where nothing is to be done. Takes over the source.</summary>
    public static ITensorSource Modernise(ITensorSource source)
    {
        if (!source.Tensors.Any(t => Attention().IsMatch(t.Key) && (CurrentName(t.Key) != t.Key || t.Value.Shape.Count == 4))) return source;
        var views = new Dictionary<string, MappedTensor>(StringComparer.Ordinal);
        foreach (var (key, description) in source.Tensors)
        {
            var isConvolution = Attention().IsMatch(key) && description.Shape is [_, _, 1, 1];
            var view = isConvolution
                ? new MappedTensor(key, [description.Shape[0], description.Shape[1]], t => t.reshape(t.shape[0], t.shape[1]))
                : new MappedTensor(key);
            if (!views.TryAdd(CurrentName(key), view))
            {
                source.Dispose();
                throw new CheckpointException($"'{source.Origin}' holds '{CurrentName(key)}' under its old and its present name.");
            }
        }
        return new MappedTensorSource(source, views);
    }

    static string CurrentName(string key) => Attention().Match(key) is { Success: true } match
        ? $"{match.Groups[1].Value}{Current(match.Groups[2].Value)}{match.Groups[3].Value}"
        : key;

    static string Current(string name) => name switch { "query" => "to_q", "key" => "to_k", "value" => "to_v", "proj_attn" => "to_out.0", _ => name };

    [GeneratedRegex(@"^((?:encoder|decoder)\.mid_block\.attentions\.\d+\.)(query|key|value|proj_attn|to_q|to_k|to_v|to_out\.0)(\.(?:weight|bias))$")]
    private static partial Regex Attention();
}
