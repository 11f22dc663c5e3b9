using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>The step-aware preference model (paper section 4.1) ready to score.</summary>
public sealed class StepAwarePreferenceModel(TimeConditionedClipModel network, PreferencePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : ClipPreferenceModel(network, preprocessing, tokenizer)
{
    public TimeConditionedClipModel Network => network;

    public override bool IsStepAware => true;

    protected override Tensor LogitScale => network.LogitScale;

    protected override Tensor TextFeatures(Tensor inputIds_BL) => network.TextFeatures(inputIds_BL);

    protected override Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B) => network.ImageFeatures(pixels_BCHW, timesteps_B.to(Device));
}
