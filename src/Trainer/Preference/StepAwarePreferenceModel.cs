using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Preference;

/// <summary>The step-aware preference model (paper section 4.1) ready to score. Runs without gradients; it is trained through its network.</summary>
public sealed class StepAwarePreferenceModel(
    TimeConditionedClipModel network, PreferencePreprocessing preprocessing, IPromptTokenizer tokenizer) : IPreferenceModel
{
    public TimeConditionedClipModel Network => network;

    public PreferencePreprocessing Preprocessing => preprocessing;

    public IPromptTokenizer Tokenizer => tokenizer;

    public ScalarType ScalarType => network.LogitScale.dtype;

    public Device Device => network.LogitScale.device;

    public bool IsStepAware => true;

    public Tensor EncodeText(Tensor inputIds_BL)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return ClipFeatures.Normalize(network.TextFeatures(inputIds_BL.to(Device))).MoveToOuterDisposeScope();
    }

    public Tensor Score(Tensor images_BCHW, Tensor textFeatures_BD, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var pixels_BCHW = preprocessing.ForScoring(images_BCHW.to(Device)).to_type(ScalarType);
        var image_BD = network.ImageFeatures(pixels_BCHW, timesteps_B.to(Device));
        return ClipFeatures.RowScores(network.LogitScale, image_BD, textFeatures_BD).MoveToOuterDisposeScope();
    }

    public void Dispose() => network.Dispose();
}
