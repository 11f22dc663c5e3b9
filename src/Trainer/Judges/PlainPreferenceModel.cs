using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>A CLIP preference model without step conditioning (PickScore): the paper's ablation, and what a step-aware model starts from.</summary>
public sealed class PlainPreferenceModel(ClipModel network, PreferencePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : ClipPreferenceModel(network, preprocessing, tokenizer)
{
    public ClipModel Network => network;

    public override bool IsStepAware => false;

    protected override Tensor LogitScale => network.LogitScale;

    protected override Tensor TextFeatures(Tensor inputIds_BL) => network.TextFeatures(inputIds_BL);

    protected override Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B) => network.ImageFeatures(pixels_BCHW);
}
