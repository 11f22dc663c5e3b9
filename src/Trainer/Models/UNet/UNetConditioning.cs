using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>What a UNet is conditioned on besides the timestep.</summary>
/// <param name="EncoderHiddenStates">Text encoder states, [B, S, D], in the UNet's type.</param>
/// <param name="TextEmbeds">SDXL: pooled text embedding, [B, P].</param>
/// <param name="TimeIds">SDXL: original height and width, crop top and left, target height and width, [B, 6], any number type.</param>
public sealed record UNetConditioning(Tensor EncoderHiddenStates, Tensor? TextEmbeds = null, Tensor? TimeIds = null);
