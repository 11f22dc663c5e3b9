using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// The UNet with its adapter and classifier-free guidance: the policy that samples and is trained, and, with the adapter switched
/// off, the reference policy. Both halves of the guidance run in one batch, the unconditional half first.
/// </summary>
/// <param name="guidanceScale">1 or less switches guidance off: one half only.</param>
/// <param name="guidanceRescale">0..1.</param>
public sealed class GuidedUNet(UNet2DCondition unet, LoraAdapter adapter, double guidanceScale, double guidanceRescale) : ITrainablePolicy
{
    /// <summary>Whether an unconditional half is computed.</summary>
    public bool IsGuided => guidanceScale > 1;

    public Tensor Predict(Tensor latents, Tensor timesteps, ConditioningRows conditioning) =>
        Predict(latents, timesteps, IsGuided ? Join(conditioning) : conditioning.Prompt);

    public IDisposable UseReference() => adapter.Disabled();

    /// <summary>Binds the prompts of an item, so that their conditioning is joined and repeated once and not at every step.</summary>
    public IPromptedDenoiser For(ConditioningRows conditioning) => new Prompted(this, conditioning);

    /// <param name="conditioning">Of both halves where guidance is on.</param>
    Tensor Predict(Tensor latents, Tensor timesteps, UNetConditioning conditioning)
    {
        using var scope = NewDisposeScope();
        var dtype = conditioning.EncoderHiddenStates.dtype;
        if (!IsGuided) return unet.call(latents.to(dtype), timesteps, conditioning).to(ScalarType.Float32).MoveToOuterDisposeScope();

        var both = timesteps.dim() == 0 ? timesteps : cat([timesteps, timesteps]);
        var halves = unet.call(cat([latents, latents]).to(dtype), both, conditioning).to(ScalarType.Float32).chunk(2);
        return ClassifierFreeGuidance.Combine(halves[0], halves[1], guidanceScale, guidanceRescale).MoveToOuterDisposeScope();
    }

    static UNetConditioning Join(ConditioningRows rows)
    {
        var negative = rows.Negative ?? throw new InvalidOperationException("guidance is on, but there is no conditioning for the unconditional half");
        return new UNetConditioning(
            cat([negative.EncoderHiddenStates, rows.Prompt.EncoderHiddenStates]),
            rows.Prompt.TextEmbeds is null ? null : cat([negative.TextEmbeds!, rows.Prompt.TextEmbeds]),
            rows.Prompt.TimeIds is null ? null : cat([negative.TimeIds!, rows.Prompt.TimeIds]));
    }

    sealed class Prompted(GuidedUNet unet, ConditioningRows rows) : IPromptedDenoiser
    {
        readonly Dictionary<int, UNetConditioning> byCopies = [];

        public Tensor Predict(Tensor latents, long timestep, int copies)
        {
            if (!byCopies.TryGetValue(copies, out var conditioning)) byCopies[copies] = conditioning = Prepare(copies);
            using var t = tensor(timestep, device: latents.device);
            return unet.Predict(latents, t, conditioning);
        }

        public void Dispose()
        {
            foreach (var conditioning in byCopies.Values)
            {
                conditioning.EncoderHiddenStates.Dispose();
                conditioning.TextEmbeds?.Dispose();
                conditioning.TimeIds?.Dispose();
            }
            byCopies.Clear();
        }

        /// <summary>Repeats path-major, as the latents are ordered.</summary>
        UNetConditioning Prepare(int copies)
        {
            var prompt = Repeat(rows.Prompt, copies);
            var joined = unet.IsGuided ? Join(new ConditioningRows(prompt, Repeat(rows.Negative!, copies))) : prompt;
            // Kept for the whole item: the sampler's step scopes must not free it.
            joined.EncoderHiddenStates.DetachFromDisposeScope();
            joined.TextEmbeds?.DetachFromDisposeScope();
            joined.TimeIds?.DetachFromDisposeScope();
            return joined;
        }

        static UNetConditioning Repeat(UNetConditioning one, int copies) => new(
            one.EncoderHiddenStates.repeat(copies, 1, 1), one.TextEmbeds?.repeat(copies, 1), one.TimeIds?.repeat(copies, 1));
    }
}
