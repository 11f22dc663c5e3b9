namespace SpoActors.Trainer.Diffusion;

/// <summary>Shape of one latent image.</summary>
public readonly record struct LatentSize(long Channels, long Height, long Width);
