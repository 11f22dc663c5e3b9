using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// Turns clean pictures into what the step-aware model will see during sampling (paper section 4.1): encoded, noised to a timestep,
/// x0 predicted by the base model with guidance, decoded. Both pictures of a pair share timestep and noise. Nothing here is trained.
/// </summary>
/// <param name="unet">The frozen base model.</param>
/// <param name="vae">Its autoencoder.</param>
/// <param name="schedule">Its noise schedule.</param>
/// <param name="guidanceScale">Scale of classifier-free guidance, 5 in the original; 1 or less switches it off.</param>
public sealed class PairDistortion(UNet2DCondition unet, AutoencoderKl vae, NoiseSchedule schedule, double guidanceScale)
{
    // Latents are float32 between the models, whatever type those compute in.
    readonly Tensor vaeWeight = vae.parameters().First(), unetWeight = unet.parameters().First();
    readonly GuidedDenoiser denoiser = new(new UNetDenoiser(unet), guidanceScale);

    /// <param name="images_BCHW">Pictures in [-1, 1], any type and device.</param>
    /// <param name="timesteps_B">Diffusion timesteps, int64.</param>
    /// <param name="encoderNoise_BChw">Standard normal: the autoencoder's sampling noise, drawn for each picture of a pair.</param>
    /// <param name="noise_BChw">Standard normal: the diffusion noise, shared by a pair.</param>
    /// <param name="negative">Conditioning without the prompt, B rows; unused without guidance.</param>
    /// <param name="positive">Conditioning on the prompts, B rows.</param>
    public DistortedImages Distort(
        Tensor images_BCHW, Tensor timesteps_B, Tensor encoderNoise_BChw, Tensor noise_BChw, UNetConditioning negative, UNetConditioning positive)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        timesteps_B = timesteps_B.to(unetWeight.device);
        var moments_BMhw = vae.EncodeMoments(images_BCHW.to(vaeWeight.device).to(vaeWeight.dtype));
        var latents_BChw = new DiagonalGaussian(moments_BMhw.to(ScalarType.Float32)).Sample(encoderNoise_BChw) * vae.Config.ScalingFactor;
        var noised_BChw = schedule.AddNoise(latents_BChw.to(unetWeight.device), noise_BChw.to(unetWeight.device), timesteps_B);
        var prediction = denoiser.PredictHalves(noised_BChw, timesteps_B, denoiser.Join(new GuidedConditioning(positive, negative)));
        var guided_BChw = denoiser.Combine(prediction);
        var x0_BChw = PredictX0(guided_BChw, noised_BChw, timesteps_B);
        var decoded_BCHW = vae.Decode((x0_BChw.to(vaeWeight.device) / vae.Config.ScalingFactor).to(vaeWeight.dtype));
        return new DistortedImages(
            moments_BMhw.MoveToOuterDisposeScope(), latents_BChw.MoveToOuterDisposeScope(), noised_BChw.MoveToOuterDisposeScope(),
            prediction.MoveToOuterDisposeScope(), guided_BChw.MoveToOuterDisposeScope(), x0_BChw.MoveToOuterDisposeScope(),
            decoded_BCHW.MoveToOuterDisposeScope());
    }

    internal bool IsGuided => denoiser.IsGuided;

    Tensor PredictX0(Tensor guided_BChw, Tensor noised_BChw, Tensor timesteps_B)
    {
        var alpha_B111 = tensor(schedule.AlphasCumprod.ToArray(), device: timesteps_B.device).index_select(0, timesteps_B).view(-1, 1, 1, 1);
        return PredictionConversion.Convert(schedule.Config, guided_BChw, noised_BChw, alpha_B111.sqrt(), (1 - alpha_B111).sqrt()).X0;
    }
}

/// <summary>Every stage of a distortion; the decoded images are what is scored.</summary>
/// <param name="Moments">The encoder's mean and log-variance.</param>
/// <param name="Latents">Sampled and scaled.</param>
/// <param name="Noised">x_t.</param>
/// <param name="Prediction">The UNet's output, float32, negative half first; one half without guidance.</param>
/// <param name="Guided">After guidance.</param>
/// <param name="X0">Predicted x0 in scaled latent space.</param>
/// <param name="Decoded">Decoded x0, about [-1, 1].</param>
public sealed record DistortedImages(Tensor Moments, Tensor Latents, Tensor Noised, Tensor Prediction, Tensor Guided, Tensor X0, Tensor Decoded);
