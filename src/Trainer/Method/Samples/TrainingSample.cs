using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Samples;

/// <summary>
/// What one term of the loss is made of, whatever the flow: a win and a lose transition, one transition with its reward, or a win and a lose
/// image. Owns its tensors.
/// </summary>
public sealed class TrainingSample : IDisposable
{
    public required SampleId Id { get; init; }

    /// <summary>t of the transitions; 0 for images, whose timestep is drawn when they are trained on.</summary>
    public required double Timestep { get; init; }

    /// <summary>The preferred side, or the only one.</summary>
    public required SampleBranch Win { get; init; }

    /// <summary>The other side; null where there is one.</summary>
    public SampleBranch? Lose { get; init; }

    /// <summary>Whether neither side is preferred: such a sample counts, but passes no gradient.</summary>
    public bool IsTie { get; init; }

    /// <summary>Whether one forward pass serves win and lose.</summary>
    public bool SharesCurrent => Lose is not null && ReferenceEquals(Win.Current, Lose.Current);

    public void Dispose()
    {
        Win.Dispose();
        Lose?.Dispose();
    }
}

/// <summary>One side of a sample.</summary>
/// <param name="Candidate">Which candidate of the pool; part of the consumed digest.</param>
/// <param name="Current">x_t, or the clean latents of an image, float32, [C, H, W].</param>
public sealed record SampleBranch(int Candidate, Tensor Current) : IDisposable
{
    /// <summary>x_{t-1}, float32, [C, H, W]; null for an image.</summary>
    public Tensor? Next { get; init; }

    /// <summary>What the judge said of the candidate.</summary>
    public float Score { get; init; }

    /// <summary>log p(x_{t-1} | x_t) under the policy that sampled it, where the objective needs it.</summary>
    public float? LogProb { get; init; }

    /// <summary>SDXL: what to say of the image's size; null for the size that the run samples in.</summary>
    public SizeConditioning? Size { get; init; }

    public void Dispose()
    {
        Current.Dispose();
        Next?.Dispose();
    }
}
