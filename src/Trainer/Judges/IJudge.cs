using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>What a judge looks at.</summary>
public enum JudgeInput
{
    /// <summary>Decoder output, about [-1, 1], [B, 3, H, W].</summary>
    Images,

    /// <summary>Latents as the diffusion model has them, before decoding, [B, C, h, w].</summary>
    Latents,
}

/// <summary>
/// Says which of several images suits a prompt better. Scores are numbers of the judge's own kind; their <see cref="Scale"/> makes
/// probabilities of them, so that a threshold means the same for every judge.
/// </summary>
/// <remarks>Shape letters: B images, C channels, H and W rows and columns.</remarks>
public interface IJudge : IDisposable
{
    /// <summary>What to call it in errors.</summary>
    string Name { get; }

    /// <summary>What <see cref="Score"/> is given.</summary>
    JudgeInput Input { get; }

    /// <summary>Whether a score depends on the timestep; where it doesn't, timesteps are ignored.</summary>
    bool KnowsTimestep { get; }

    /// <summary>
    /// Whether a score is relative to the other images of the same prompt in the same call (a vote). All candidates of a pool must then be in
    /// one call, and the score of an image alone says nothing.
    /// </summary>
    bool ComparesWithinCall => false;

    /// <summary>Where it computes; inputs from elsewhere are moved there.</summary>
    Device Device { get; }

    /// <summary>
    /// What a difference of scores means: the probability that image a is better than image b of the same prompt is
    /// sigmoid(scale * (score_a - score_b)) (Bradley and Terry's model).
    /// </summary>
    double Scale { get; }

    /// <summary>What the judge keeps of prompts, a row each: computed once, used for every pool. Each prompt's row depends on that prompt alone.</summary>
    /// <returns>Owned by the caller.</returns>
    IPreparedPrompts Prepare(IReadOnlyList<string> prompts);

    /// <summary>A score for each image; more is better.</summary>
    /// <param name="inputs_BCHW">Images or latents (<see cref="Input"/>), any floating type and device.</param>
    /// <param name="prompts">The images' prompts, row by row, made by this judge.</param>
    /// <param name="timesteps_B">Diffusion timestep of each image, [B]; any number type and device.</param>
    /// <returns>float32 [B]; not finite where the judge overflowed.</returns>
    /// <exception cref="JudgeException">A judge elsewhere doesn't answer, or answers nonsense.</exception>
    Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B);
}
