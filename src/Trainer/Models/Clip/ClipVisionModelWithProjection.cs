using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>transformers' CLIPVisionModelWithProjection.</summary>
public sealed class ClipVisionModelWithProjection : Module
{
    readonly ClipVisionTransformer vision_model;
    readonly TorchSharp.Modules.Linear visual_projection;

    /// <param name="config">Sizes and settings.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ClipVisionModelWithProjection(ClipVisionConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32)
        : base(nameof(ClipVisionModelWithProjection))
    {
        Config = config;
        vision_model = new ClipVisionTransformer(config, device, dtype);
        visual_projection = Linear(config.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        RegisterComponents();
    }

    public ClipVisionConfig Config { get; }

    /// <summary>Has the model's type and device.</summary>
    public Tensor ProjectionWeight => visual_projection.weight!;

    /// <summary>Projected pooled state (image_embeds, [B, projection]), not normalised, and the tower's output.</summary>
    /// <param name="pixelValues_BCHW">Normalised pixels at the configured size.</param>
    /// <param name="outputHiddenStates">Whether to return every layer's output.</param>
    public (Tensor ImageEmbeds_BP, ClipVisionOutput Tower) forward(Tensor pixelValues_BCHW, bool outputHiddenStates = false)
    {
        var tower = vision_model.forward(pixelValues_BCHW, outputHiddenStates);
        return (visual_projection.forward(tower.PoolerOutput_BD), tower);
    }
}
