using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// Encodes a round's prompts when they are first asked for, and keeps them for the round. One prompt at a time: an encoding then
/// depends on its prompt alone, and the same prompt gives the same bits in every item, minibatch and process.
/// </summary>
public sealed class RoundConditioning(PromptEncoder encoder, IReadOnlyList<string> prompts, bool guided) : IPromptConditioning, IDisposable
{
    readonly UNetConditioning?[] encoded = new UNetConditioning?[prompts.Count];
    UNetConditioning? negative;

    public GuidedConditioning Rows(IReadOnlyList<int> promptIndices, IReadOnlyList<SizeConditioning>? sizes = null)
    {
        var rows = Stack([.. promptIndices.Select(i => encoded[i] ??= Encode(() => encoder.Encode(prompts[i])))]);
        if (sizes is not null && rows.TimeIds is { } timeIds) rows = rows with { TimeIds = SizeConditioning.ToTimeIds(sizes, timeIds.device) };
        if (!guided) return new GuidedConditioning(rows, null);
        negative ??= Encode(encoder.EncodeUnconditional);
        return new GuidedConditioning(rows, Stack([.. Enumerable.Repeat(negative, promptIndices.Count)]));
    }

    public void Dispose()
    {
        foreach (var one in encoded.Append(negative)) one?.Dispose();
    }

    /// <summary>Encodes one row and lets it outlive the caller's scopes.</summary>
    static UNetConditioning Encode(Func<UNetConditioning> encode)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return encode().Keep();
    }

    static UNetConditioning Stack(UNetConditioning[] rows) => new(
        cat([.. rows.Select(r => r.EncoderHiddenStates)]),
        rows[0].TextEmbeds is null ? null : cat([.. rows.Select(r => r.TextEmbeds!)]),
        rows[0].TimeIds is null ? null : cat([.. rows.Select(r => r.TimeIds!)]));
}
