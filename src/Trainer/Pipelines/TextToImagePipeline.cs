using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>From prompts to images, as diffusers' Stable Diffusion pipelines do it; whatever adapter the UNet carries takes part.</summary>
/// <remarks>Shape letters: B images, C latent channels, h and w latent rows and columns, H and W pixel ones.</remarks>
public sealed class TextToImagePipeline(DiffusionModel model)
{
    /// <summary>Denoises and decodes.</summary>
    /// <returns>8-bit images on the CPU, [B, 3, H, W].</returns>
    /// <exception cref="NotFiniteNumberException">A number overflowed on the way: a picture of it would be black or noise, and nobody would know why.</exception>
    /// <inheritdoc cref="Denoise"/>
    public Tensor Generate(
        TextToImageRequest request, Tensor noise_BChw, Func<int, Tensor>? stepNoise = null, Action<int, Tensor>? onStep = null, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        var latents_BChw = Denoise(request, noise_BChw, stepNoise, onStep, cancellation);
        EnsureFinite(latents_BChw, "the latents are NaN or infinite, so the UNet or its LoRA overflowed", "Take float32 or bfloat16 as dtype, a lower guidance scale, or another LoRA strength.");
        var images_B3HW = model.Decoder.Decode(latents_BChw);
        EnsureFinite(images_B3HW, "the latents are finite and the image is not, so the autoencoder overflowed", "Take float32 or bfloat16 as dtype, or an autoencoder made for float16 (--vae, model.vae).");
        return LatentDecoder.ToBytes(images_B3HW).MoveToOuterDisposeScope();
    }

    static void EnsureFinite(Tensor values, string what, string fix)
    {
        using var finite = values.isfinite().all();
        if (!finite.item<bool>()) throw new NotFiniteNumberException($"No image can be drawn: {what}. {fix}");
    }

    /// <summary>Denoises.</summary>
    /// <param name="request">What to draw.</param>
    /// <param name="noise_BChw">N(0, I), the only source of randomness unless the sampler adds noise; any device.</param>
    /// <param name="stepNoise">Noise of a step (0-based), [B, C, h, w]; needed with DDIM's eta above 0.</param>
    /// <param name="onStep">Called after each step with its index and the latents, which live until the next step.</param>
    /// <param name="cancellation">Checked before each step.</param>
    /// <returns>Latents as the UNet sees them, float32, [B, C, h, w].</returns>
    public Tensor Denoise(
        TextToImageRequest request, Tensor noise_BChw, Func<int, Tensor>? stepNoise = null, Action<int, Tensor>? onStep = null, CancellationToken cancellation = default)
    {
        var size = model.LatentSize(request.Height, request.Width);
        long[] expected = [request.Prompts.Count, size.Channels, size.Height, size.Width];
        if (!noise_BChw.shape.SequenceEqual(expected))
            throw new ArgumentException($"the noise is [{string.Join(", ", noise_BChw.shape)}]; expected [{string.Join(", ", expected)}]", nameof(noise_BChw));

        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var sampler = DiffusionSamplers.Create(request.Scheduler, model.Schedule, request.Steps, request.Eta);
        if (sampler.NeedsNoise && stepNoise is null) throw new ArgumentNullException(nameof(stepNoise), $"{request.Scheduler} with eta {request.Eta} needs noise at every step");
        var denoiser = new GuidedDenoiser(new UNetDenoiser(model.UNet), request.GuidanceScale, request.GuidanceRescale);
        using var prompted = denoiser.For(Condition(request, denoiser.IsGuided));

        var latents_BChw = noise_BChw.to(model.Device).to(ScalarType.Float32) * sampler.InitNoiseSigma;
        for (var step = 0; step < sampler.Timesteps.Count; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var stepScope = NewDisposeScope();
            var input_BChw = sampler.ScaleModelInput(latents_BChw, step);
            var prediction_BChw = prompted.Predict(input_BChw, sampler.Timesteps[step], copies: 1);
            var noise = sampler.NeedsNoise ? stepNoise!(step).to(model.Device) : null;
            var next_BChw = sampler.Step(prediction_BChw, step, latents_BChw, noise).MoveToOuterDisposeScope();
            latents_BChw.Dispose();
            latents_BChw = next_BChw;
            onStep?.Invoke(step, latents_BChw);
        }
        return latents_BChw.MoveToOuterDisposeScope();
    }

    /// <summary>Conditioning of the batch.</summary>
    GuidedConditioning Condition(TextToImageRequest request, bool isGuided)
    {
        var rows = request.Prompts.Count;
        var sizes = request.Sizes ?? SizeConditioning.Of(request.Height ?? model.DefaultSide, request.Width ?? model.DefaultSide);
        var prompts = model.Prompts.ForImages(sizes).Encode(request.Prompts);
        if (!isGuided) return new GuidedConditioning(prompts, null);
        var encoder = model.Prompts.ForImages(request.NegativeSizes ?? sizes);
        var negative = request.NegativePrompt is { } text ? encoder.Encode(text) : encoder.EncodeUnconditional();
        var repeated = negative.Gather([.. Enumerable.Repeat(0, rows)]);
        if (prompts.TimeIds is null) return new GuidedConditioning(prompts, repeated);
        // diffusers repeats the pair, so that sizes alternate where prompts come in halves: it matters only for several prompts
        // whose unconditional half is given other sizes.
        var alternating = cat([negative.TimeIds!, prompts.TimeIds[..1]]).repeat(rows, 1);
        return new GuidedConditioning(prompts with { TimeIds = alternating[rows..] }, repeated with { TimeIds = alternating[..rows] });
    }
}
