using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// Encodes a round's prompts when they are first asked for, and keeps them for the round. One prompt at a time: an encoding then
/// depends on its prompt alone, and the same prompt gives the same bits in every item, minibatch and process.
/// </summary>
public sealed class RoundConditioning(PromptEncoder encoder, IReadOnlyList<string> prompts, bool guided) : IRoundConditioning, IDisposable
{
    readonly UNetConditioning?[] encoded = new UNetConditioning?[prompts.Count];
    UNetConditioning? negative;

    public ConditioningRows Rows(IReadOnlyList<int> promptIndices)
    {
        var rows = promptIndices.Select(i => encoded[i] ??= Encode(prompts[i])).ToArray();
        if (!guided) return new ConditioningRows(Stack(rows), null);
        negative ??= Keep(encoder.EncodeUnconditional);
        return new ConditioningRows(Stack(rows), Stack([.. Enumerable.Repeat(negative, rows.Length)]));
    }

    public void Dispose()
    {
        foreach (var one in encoded.Append(negative))
        {
            one?.EncoderHiddenStates.Dispose();
            one?.TextEmbeds?.Dispose();
            one?.TimeIds?.Dispose();
        }
    }

    UNetConditioning Encode(string prompt) => Keep(() => encoder.Encode(prompt));

    /// <summary>Encodes one row and lets it outlive the caller's scopes.</summary>
    static UNetConditioning Keep(Func<UNetConditioning> encode)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var row = encode();
        return new UNetConditioning(
            row.EncoderHiddenStates.DetachFromDisposeScope(), row.TextEmbeds?.DetachFromDisposeScope(), row.TimeIds?.DetachFromDisposeScope());
    }

    static UNetConditioning Stack(UNetConditioning[] rows) => new(
        cat([.. rows.Select(r => r.EncoderHiddenStates)]),
        rows[0].TextEmbeds is null ? null : cat([.. rows.Select(r => r.TextEmbeds!)]),
        rows[0].TimeIds is null ? null : cat([.. rows.Select(r => r.TimeIds!)]));
}
