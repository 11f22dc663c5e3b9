using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Preference;

/// <summary>A CLIP preference model without step conditioning (PickScore): the paper's ablation, and what a step-aware model starts from.</summary>
public sealed class PlainPreferenceModel(ClipModel network, PreferencePreprocessing preprocessing, IPromptTokenizer tokenizer) : IPreferenceModel
{
    public ClipModel Network => network;

    public PreferencePreprocessing Preprocessing => preprocessing;

    public IPromptTokenizer Tokenizer => tokenizer;

    public ScalarType ScalarType => network.LogitScale.dtype;

    public Device Device => network.LogitScale.device;

    public bool IsStepAware => false;

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
        return ClipFeatures.RowScores(network.LogitScale, network.ImageFeatures(pixels_BCHW), textFeatures_BD).MoveToOuterDisposeScope();
    }

    public void Dispose() => network.Dispose();
}
