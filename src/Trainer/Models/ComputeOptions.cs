using SpoActors.Specification;

namespace SpoActors.Trainer.Models;

/// <summary>How a model computes, not what: shared by all its blocks, and changed at any time between forward passes.</summary>
public sealed class ComputeOptions
{
    /// <summary>How attention is computed.</summary>
    public AttentionKind Attention { get; set; } = AttentionKind.Auto;

    /// <summary>Recompute the activations of resnets and transformer blocks in the backward pass instead of keeping them.</summary>
    public bool GradientCheckpointing { get; set; }
}
