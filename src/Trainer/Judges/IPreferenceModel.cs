using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// Scores how well decoded predictions of x0 suit their prompts, knowing the timestep they were predicted at (paper section 4.1).
/// A model without step conditioning (PickScore) ignores the timesteps.
/// </summary>
/// <remarks>Shape letters: B images, C = 3 channels, H and W pixel rows and columns, L text tokens, D projection width.</remarks>
public interface IPreferenceModel : IDisposable
{
    /// <summary>Tokenizer of the model's text tower.</summary>
    IPromptTokenizer Tokenizer { get; }

    /// <summary>Element type of the parameters, and of the features.</summary>
    ScalarType ScalarType { get; }

    Device Device { get; }

    /// <summary>Whether <c>Score</c> depends on its timesteps.</summary>
    bool IsStepAware { get; }

    /// <summary>
    /// Text features divided by their L2 norm. They depend on the prompt alone: compute them once a prompt, not once a step.
    /// </summary>
    /// <param name="inputIds_BL">Token ids (int64), shape [B, L]; any device.</param>
    /// <returns>Shape [B, D] on <see cref="Device"/>.</returns>
    Tensor EncodeText(Tensor inputIds_BL);

    /// <summary>exp(logit_scale) times the cosine of image and text features, row by row.</summary>
    /// <param name="images_BCHW">Decoder output, about [-1, 1]; any floating type, resized and normalised here in its own type.</param>
    /// <param name="textFeatures_BD">Rows of <see cref="EncodeText"/>, one for each image.</param>
    /// <param name="timesteps_B">Diffusion timestep of each image, shape [B]; any device and number type.</param>
    /// <returns>float scores in <see cref="ScalarType"/>, shape [B].</returns>
    Tensor Score(Tensor images_BCHW, Tensor textFeatures_BD, Tensor timesteps_B);
}
