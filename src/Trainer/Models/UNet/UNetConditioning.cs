using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>What a UNet is conditioned on besides the timestep.</summary>
/// <param name="EncoderHiddenStates">Text encoder states, [B, S, D], in the UNet's type.</param>
/// <param name="TextEmbeds">SDXL: pooled text embedding, [B, P].</param>
/// <param name="TimeIds">SDXL: original height and width, crop top and left, target height and width, [B, 6], any number type.</param>
public sealed record UNetConditioning(Tensor EncoderHiddenStates, Tensor? TextEmbeds = null, Tensor? TimeIds = null) : Conditioning
{
    public override long Count => EncoderHiddenStates.shape[0];

    public override UNetConditioning Gather(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        var index = tensor(rows.Select(r => (long)r).ToArray(), device: EncoderHiddenStates.device);
        return Of(t => t.index_select(0, index).MoveToOuterDisposeScope());
    }

    public override UNetConditioning Repeat(int copies) => Of(t => t.repeat([copies, .. Enumerable.Repeat(1L, (int)t.dim() - 1)]));

    public override UNetConditioning Join(Conditioning next)
    {
        var other = (UNetConditioning)next;
        return new UNetConditioning(
            cat([EncoderHiddenStates, other.EncoderHiddenStates]),
            TextEmbeds is null ? null : cat([TextEmbeds, other.TextEmbeds!]),
            TimeIds is null ? null : cat([TimeIds, other.TimeIds!]));
    }

    public override UNetConditioning Keep() => Of(t => t.DetachFromDisposeScope());

    public override void Dispose()
    {
        EncoderHiddenStates.Dispose();
        TextEmbeds?.Dispose();
        TimeIds?.Dispose();
    }

    UNetConditioning Of(Func<Tensor, Tensor> each) => new(each(EncoderHiddenStates), TextEmbeds is null ? null : each(TextEmbeds), TimeIds is null ? null : each(TimeIds));
}
