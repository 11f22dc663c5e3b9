using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>transformers' CLIPTextModel: SD 1.5's text encoder and SDXL's first.</summary>
public sealed class ClipTextModel : Module
{
    readonly ClipTextTransformer text_model;

    /// <param name="config">Sizes and settings.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ClipTextModel(ClipTextConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(ClipTextModel))
    {
        Config = config;
        text_model = new ClipTextTransformer(config, device, dtype);
        RegisterComponents();
    }

    public ClipTextConfig Config { get; }

    /// <param name="inputIds_BL">Token ids, int64.</param>
    /// <param name="attentionMask_BL">1 where a token counts; diffusers' pipelines pass none, so padding is attended to.</param>
    /// <param name="outputHiddenStates">Whether to return every layer's output.</param>
    public ClipTextOutput forward(Tensor inputIds_BL, Tensor? attentionMask_BL = null, bool outputHiddenStates = false) =>
        text_model.forward(inputIds_BL, attentionMask_BL, outputHiddenStates);
}

/// <summary>transformers' CLIPTextModelWithProjection: SDXL's second text encoder.</summary>
public sealed class ClipTextModelWithProjection : Module
{
    readonly ClipTextTransformer text_model;
    readonly TorchSharp.Modules.Linear text_projection;

    /// <inheritdoc cref="ClipTextModel(ClipTextConfig, Device?, ScalarType)"/>
    public ClipTextModelWithProjection(ClipTextConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(ClipTextModelWithProjection))
    {
        Config = config;
        text_model = new ClipTextTransformer(config, device, dtype);
        text_projection = Linear(config.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        RegisterComponents();
    }

    public ClipTextConfig Config { get; }

    /// <summary>Projected pooled state (text_embeds, [B, projection]), not normalised, and the tower's output.</summary>
    /// <inheritdoc cref="ClipTextModel.forward"/>
    public (Tensor TextEmbeds_BP, ClipTextOutput Tower) forward(Tensor inputIds_BL, Tensor? attentionMask_BL = null, bool outputHiddenStates = false)
    {
        var tower = text_model.forward(inputIds_BL, attentionMask_BL, outputHiddenStates);
        return (text_projection.forward(tower.PoolerOutput_BD), tower);
    }
}
