using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>A CLIP without step conditioning. What is made of an image's and a prompt's features is each judge's own.</summary>
public abstract class UnconditionedClipJudge(string name, ClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : ClipJudge(name, network, preprocessing, tokenizer)
{
    readonly Lazy<double> temperature = new(() =>
    {
        using var scope = NewDisposeScope();
        return Math.Exp(network.LogitScale.to_type(ScalarType.Float64).item<double>());
    });

    public ClipModel Network => network;

    public override bool KnowsTimestep => false;

    /// <summary>exp(logit_scale), the factor of the cosine that the model was trained with.</summary>
    protected double Temperature => temperature.Value;

    protected override Tensor LogitScale => network.LogitScale;

    protected override ScalarType TowerType => network.TowerType;

    protected override Tensor TextFeatures(Tensor inputIds_PL) => network.TextFeatures(inputIds_PL);

    protected override Tensor ImageFeatures(Tensor pixels_BCHW, Tensor timesteps_B) => network.ImageFeatures(pixels_BCHW);
}
