using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>A diffusion model's text encoders with their tokenizers: SD has one, SDXL two.</summary>
/// <remarks>Shape letters: B prompts, S tokens, D width of the states, P width of the pooled embedding.</remarks>
public sealed class TextEncoders : IDisposable
{
    readonly IPromptTokenizer tokenizer;
    readonly ClipTextModel encoder;
    readonly IPromptTokenizer? secondTokenizer;
    readonly ClipTextModelWithProjection? secondEncoder;

    /// <summary>SD 1.x and 2.x.</summary>
    public TextEncoders(IPromptTokenizer tokenizer, ClipTextModel encoder, Device device) =>
        (this.tokenizer, this.encoder, Device) = (tokenizer, encoder, device);

    /// <summary>SDXL.</summary>
    public TextEncoders(
        IPromptTokenizer tokenizer, ClipTextModel encoder, IPromptTokenizer secondTokenizer, ClipTextModelWithProjection secondEncoder, Device device)
        : this(tokenizer, encoder, device) => (this.secondTokenizer, this.secondEncoder) = (secondTokenizer, secondEncoder);

    public Device Device { get; }

    /// <summary>Whether there are two encoders, hence a pooled embedding.</summary>
    public bool IsXl => secondEncoder is not null;

    /// <summary>Tokens of a prompt, S.</summary>
    public int Length => tokenizer.MaxLength;

    /// <summary>Width of the states, D.</summary>
    public int Width => encoder.Config.HiddenSize + (secondEncoder?.Config.HiddenSize ?? 0);

    /// <summary>Width of the pooled embedding, P; 0 without.</summary>
    public int PooledWidth => secondEncoder?.Config.ProjectionDim ?? 0;

    /// <summary>
    /// SD: the encoder's last state. SDXL: the last but one state of both, never normalised, side by side, and the second encoder's
    /// projected pooled state. Padding is not masked, as the models were trained.
    /// </summary>
    /// <returns>States [B, S, D] and pooled [B, P] in the encoders' type; pooled is null for SD.</returns>
    public (Tensor States, Tensor? Pooled) Encode(IReadOnlyList<string> prompts)
    {
        using var scope = NewDisposeScope();
        var (states, pooled) = EncodeIds(tokenizer.EncodeBatch(prompts), secondTokenizer?.EncodeBatch(prompts));
        return (states.MoveToOuterDisposeScope(), pooled?.MoveToOuterDisposeScope());
    }

    /// <summary>The same from token ids, [B, S], of both tokenizers (SD: one).</summary>
    public (Tensor States, Tensor? Pooled) EncodeIds(Tensor ids_BS, Tensor? secondIds_BS)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (secondEncoder is null) return (encoder.forward(ids_BS.to(Device)).LastHiddenState_BLD.MoveToOuterDisposeScope(), null);

        var first = encoder.forward(ids_BS.to(Device), outputHiddenStates: true);
        var (pooled_BP, second) = secondEncoder.forward(secondIds_BS!.to(Device), outputHiddenStates: true);
        return (cat([first.HiddenStates[^2], second.HiddenStates[^2]], -1).MoveToOuterDisposeScope(), pooled_BP.MoveToOuterDisposeScope());
    }

    public void Dispose()
    {
        encoder.Dispose();
        secondEncoder?.Dispose();
    }
}
