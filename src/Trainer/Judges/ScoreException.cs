using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Judges;

/// <summary>Scores that are not finite: no pair can be made of them, and the next pool's will hardly be better.</summary>
public sealed class ScoreException(string message) : DivergedException(message)
{
    /// <param name="judge">Its name.</param>
    /// <param name="bad">Scores that are NaN or infinite.</param>
    /// <param name="all">Scores there are.</param>
    /// <param name="origin">Where it began.</param>
    public static ScoreException Of(string judge, int bad, int all, ScoreOrigin origin)
    {
        var (what, fix) = origin switch
        {
            ScoreOrigin.Latents => ("the latents are not finite already, so the diffusion model overflowed or its training diverged",
                "Set model.dtype to float32 or bfloat16, or lower optimizer.learning_rate."),
            ScoreOrigin.Decoder => ("the latents are finite and the images are not, so the decoder overflowed", "Set model.dtype to float32 or bfloat16, or model.vae to one made for float16."),
            _ => ("what it was given is finite, so the judge overflowed", "Set judge.dtype to float32 or bfloat16."),
        };
        return new ScoreException($"{(bad == all ? $"All {all}" : $"{bad} of {all}")} scores of the judge '{judge}' are NaN or infinite: {what}. {fix}");
    }
}

/// <summary>The first thing that is not finite on the way to a score.</summary>
public enum ScoreOrigin { Latents, Decoder, Judge }
