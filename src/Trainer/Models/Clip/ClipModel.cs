using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>transformers' CLIPModel: text and vision tower with a common embedding space (ViT-L/14, ViT-H/14, PickScore, HPSv2).</summary>
/// <remarks>Shape letters: B images, T texts, P projection width.</remarks>
public sealed class ClipModel : Module
{
    readonly Parameter logit_scale;
    readonly ClipTextTransformer text_model;
    readonly ClipVisionTransformer vision_model;
    readonly Linear visual_projection, text_projection;

    /// <param name="config">Sizes and settings.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ClipModel(ClipConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(ClipModel))
    {
        Config = config;
        logit_scale = new Parameter(full([], config.LogitScaleInitValue, dtype, device));
        text_model = new ClipTextTransformer(config.Text, device, dtype);
        vision_model = new ClipVisionTransformer(config.Vision, device, dtype);
        visual_projection = Linear(config.Vision.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        text_projection = Linear(config.Text.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        RegisterComponents();
    }

    public ClipConfig Config { get; }

    /// <summary>Log of the factor between cosine and logit, a scalar.</summary>
    public Tensor LogitScale => logit_scale;

    /// <summary>Element type of the towers and their projections; the temperature may be of another.</summary>
    public ScalarType TowerType => text_projection.weight!.dtype;

    /// <summary>Projected text features [T, P], not normalised.</summary>
    public Tensor TextFeatures(Tensor inputIds_TL, Tensor? attentionMask_TL = null)
    {
        using var scope = NewDisposeScope();
        return text_projection.forward(TextTower(inputIds_TL, attentionMask_TL).PoolerOutput_BD).MoveToOuterDisposeScope();
    }

    /// <summary>Projected image features [B, P], not normalised.</summary>
    public Tensor ImageFeatures(Tensor pixelValues_BCHW)
    {
        using var scope = NewDisposeScope();
        return visual_projection.forward(VisionTower(pixelValues_BCHW).PoolerOutput_BD).MoveToOuterDisposeScope();
    }

    public ClipTextOutput TextTower(Tensor inputIds_TL, Tensor? attentionMask_TL = null, bool outputHiddenStates = false) =>
        text_model.forward(inputIds_TL, attentionMask_TL, outputHiddenStates);

    public ClipVisionOutput VisionTower(Tensor pixelValues_BCHW, bool outputHiddenStates = false) =>
        vision_model.forward(pixelValues_BCHW, outputHiddenStates);

    /// <summary>exp(logit_scale) * cosine of every image with every text, [B, T].</summary>
    public Tensor LogitsPerImage(Tensor imageFeatures_BP, Tensor textFeatures_TP) =>
        ClipFeatures.Logits(logit_scale, imageFeatures_BP, textFeatures_TP);
}
