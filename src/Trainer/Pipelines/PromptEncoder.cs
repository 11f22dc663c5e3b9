using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// From prompts to what the UNet is conditioned on, for images of one size. Does not own its encoders. Results are in the UNet's type,
/// on its device, and belong to the caller's dispose scope.
/// </summary>
/// <param name="encoders">The model's text encoders.</param>
/// <param name="sizes">SDXL: what the UNet is told about the images' sizes; SD ignores it.</param>
/// <param name="dtype">The UNet's type.</param>
/// <param name="zerosForEmptyPrompt">
/// SDXL's <c>force_zeros_for_empty_prompt</c>: without a negative prompt the unconditional half sees zeros, not the encoded empty prompt.
/// </param>
public sealed class PromptEncoder(TextEncoders encoders, SizeConditioning sizes, ScalarType dtype, bool zerosForEmptyPrompt)
{
    /// <summary>The same encoder for images of another size.</summary>
    public PromptEncoder ForImages(SizeConditioning otherSizes) => new(encoders, otherSizes, dtype, zerosForEmptyPrompt);

    /// <summary>Conditioning of one prompt, one row.</summary>
    public UNetConditioning Encode(string prompt) => Encode([prompt]);

    /// <summary>Conditioning of several prompts, a row each.</summary>
    public UNetConditioning Encode(IReadOnlyList<string> prompts)
    {
        using var scope = NewDisposeScope();
        var (states, pooled) = encoders.Encode(prompts);
        return Move(states, pooled, prompts.Count);
    }

    /// <summary>Conditioning of token ids, [B, S], of both tokenizers (SD: one), a row each.</summary>
    public UNetConditioning EncodeIds(Tensor ids_BS, Tensor? secondIds_BS = null)
    {
        using var scope = NewDisposeScope();
        var (states, pooled) = encoders.EncodeIds(ids_BS, secondIds_BS);
        return Move(states, pooled, (int)ids_BS.shape[0]);
    }

    /// <summary>Conditioning of the unconditional half where no negative prompt is given, one row.</summary>
    public UNetConditioning EncodeUnconditional()
    {
        if (!(encoders.IsXl && zerosForEmptyPrompt)) return Encode("");
        using var scope = NewDisposeScope();
        return Move(zeros(1, encoders.Length, encoders.Width, device: encoders.Device), zeros(1, encoders.PooledWidth, device: encoders.Device), rows: 1);
    }

    UNetConditioning Move(Tensor states, Tensor? pooled, int rows) => new(
        states.to(dtype).MoveToOuterDisposeScope(),
        pooled?.to(dtype).MoveToOuterDisposeScope(),
        encoders.IsXl ? sizes.ToTimeIds(rows, encoders.Device).MoveToOuterDisposeScope() : null);
}
