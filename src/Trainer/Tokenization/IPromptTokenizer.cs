using static TorchSharp.torch;

namespace SpoActors.Trainer.Tokenization;

/// <summary>Turns prompts into the token ids of a text encoder. Implementations are safe to call from many threads.</summary>
public interface IPromptTokenizer
{
    /// <summary>Length every prompt is cut and padded to, start and end token included (77 for all published CLIP models).</summary>
    int MaxLength { get; }

    /// <summary>The ids of one prompt: start token, at most <see cref="MaxLength"/> - 2 text tokens, end token, padding.</summary>
    /// <returns>Exactly <see cref="MaxLength"/> ids.</returns>
    long[] Encode(string prompt);

    /// <summary>The ids of several prompts.</summary>
    /// <returns>int64 on the CPU, shape [B, <see cref="MaxLength"/>].</returns>
    Tensor EncodeBatch(IReadOnlyList<string> prompts)
    {
        var ids = new long[prompts.Count, MaxLength];
        for (var b = 0; b < prompts.Count; b++)
        {
            var row = Encode(prompts[b]);
            for (var l = 0; l < row.Length; l++) ids[b, l] = row[l];
        }
        return tensor(ids, ScalarType.Int64);
    }
}
