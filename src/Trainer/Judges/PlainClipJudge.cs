using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>A CLIP preference model without step conditioning: the paper's ablation, PickScore, and what a step-aware model starts from.</summary>
public sealed class PlainClipJudge(string name, ClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : ClipJudge(name, network, preprocessing, tokenizer)
{
    public ClipModel Network => network;

    public override bool KnowsTimestep => false;

    protected override Tensor LogitScale => network.LogitScale;

    protected override ScalarType TowerType => network.TowerType;

    protected override Tensor TextFeatures(Tensor inputIds_PL) => network.TextFeatures(inputIds_PL);

    protected override Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B) => network.ImageFeatures(pixels_BCHW);
}
