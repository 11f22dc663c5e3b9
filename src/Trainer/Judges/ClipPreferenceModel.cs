using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>What preference models on CLIP have in common; they differ in the image features. Runs without gradients: a model is trained through its network.</summary>
/// <param name="network">Owned.</param>
/// <param name="preprocessing">Resizing and normalisation of decoded images.</param>
/// <param name="tokenizer">Of the text tower.</param>
public abstract class ClipPreferenceModel(nn.Module network, PreferencePreprocessing preprocessing, IPromptTokenizer tokenizer) : IPreferenceModel
{
    public PreferencePreprocessing Preprocessing => preprocessing;

    public IPromptTokenizer Tokenizer => tokenizer;

    public ScalarType ScalarType => LogitScale.dtype;

    public Device Device => LogitScale.device;

    public abstract bool IsStepAware { get; }

    public Tensor EncodeText(Tensor inputIds_BL)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return ClipFeatures.Normalize(TextFeatures(inputIds_BL.to(Device))).MoveToOuterDisposeScope();
    }

    public Tensor Score(Tensor images_BCHW, Tensor textFeatures_BD, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var pixels_BCHW = preprocessing.ForScoring(images_BCHW.to(Device)).to_type(ScalarType);
        return ClipFeatures.RowScores(LogitScale, ImageFeatures(pixels_BCHW, timesteps_B), textFeatures_BD).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Log of the factor between cosine and score, a scalar.</summary>
    protected abstract Tensor LogitScale { get; }

    /// <summary>Projected text features [B, D], not normalised.</summary>
    protected abstract Tensor TextFeatures(Tensor inputIds_BL);

    /// <summary>Projected image features [B, D], not normalised.</summary>
    protected abstract Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B);
}
