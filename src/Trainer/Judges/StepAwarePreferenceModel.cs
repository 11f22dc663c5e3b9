using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>The step-aware preference model (paper section 4.1): scores decoded predictions of x0, knowing the timestep they were made at.</summary>
public sealed class StepAwarePreferenceModel(string name, TimeConditionedClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : ClipJudge(name, network, preprocessing, tokenizer)
{
    public TimeConditionedClipModel Network => network;

    public override bool KnowsTimestep => true;

    protected override Tensor LogitScale => network.LogitScale;

    protected override ScalarType TowerType => network.TowerType;

    protected override Tensor TextFeatures(Tensor inputIds_PL) => network.TextFeatures(inputIds_PL);

    protected override Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B) => network.ImageFeatures(pixels_BCHW, timesteps_B.to(Device));
}
