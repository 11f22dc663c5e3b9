using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>
/// The network of the step-aware preference model (paper section 4.1): a dual CLIP whose vision tower knows the diffusion timestep.
/// The text tower is a plain one. Published checkpoints prefix every key with <c>model.</c>.
/// </summary>
/// <remarks>Shape letters: B images, T texts, P projection width.</remarks>
public sealed class TimeConditionedClipModel : Module
{
    /// <summary>Deviation of the time embedder's weights at the start of training.</summary>
    const double EmbedderDeviation = 0.02;

    readonly Parameter logit_scale;
    readonly ClipTextTransformer text_model;
    readonly TimeConditionedVisionTransformer vision_model;
    readonly Linear visual_projection, text_projection;
    readonly TimestepEmbedder t_embedder;

    /// <param name="config">Sizes and settings: those of the CLIP it is built on.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public TimeConditionedClipModel(ClipConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(TimeConditionedClipModel))
    {
        Config = config;
        logit_scale = new Parameter(full([], config.LogitScaleInitValue, dtype, device));
        text_model = new ClipTextTransformer(config.Text, device, dtype);
        vision_model = new TimeConditionedVisionTransformer(config.Vision, device, dtype);
        visual_projection = Linear(config.Vision.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        text_projection = Linear(config.Text.HiddenSize, config.ProjectionDim, hasBias: false, device: device, dtype: dtype);
        t_embedder = new TimestepEmbedder(config.Vision.HiddenSize, device, dtype);
        RegisterComponents();
    }

    public ClipConfig Config { get; }

    /// <summary>Log of the factor between cosine and score, a scalar.</summary>
    public Tensor LogitScale => logit_scale;

    /// <summary>Element type of the towers and their projections; the temperature may be of another.</summary>
    public ScalarType TowerType => text_projection.weight!.dtype;

    internal ModuleList<TimeConditionedEncoderLayer> VisionLayers => vision_model.Layers;

    /// <summary>Projected text features [T, P], not normalised.</summary>
    public Tensor TextFeatures(Tensor inputIds_TL)
    {
        using var scope = NewDisposeScope();
        return text_projection.forward(TextTower(inputIds_TL).PoolerOutput_BD).MoveToOuterDisposeScope();
    }

    /// <summary>Projected image features [B, P] at each image's timestep, not normalised.</summary>
    /// <param name="pixelValues_BCHW">Normalised pixels at the configured size.</param>
    /// <param name="timesteps_B">Diffusion timesteps, any number type.</param>
    public Tensor ImageFeatures(Tensor pixelValues_BCHW, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        return visual_projection.forward(VisionTower(pixelValues_BCHW, timesteps_B).PoolerOutput_BD).MoveToOuterDisposeScope();
    }

    public ClipTextOutput TextTower(Tensor inputIds_TL) => text_model.forward(inputIds_TL, null, outputHiddenStates: false);

    public ClipVisionOutput VisionTower(Tensor pixelValues_BCHW, Tensor timesteps_B, bool outputHiddenStates = false)
    {
        using var scope = NewDisposeScope();
        var tower = vision_model.forward(pixelValues_BCHW, TimeEmbedding(timesteps_B), outputHiddenStates);
        foreach (var tensor in tower.HiddenStates.Append(tower.LastHiddenState_BLD).Append(tower.PoolerOutput_BD)) tensor.MoveToOuterDisposeScope();
        return tower;
    }

    /// <summary>exp(logit_scale) * cosine of every image with every text, [B, T].</summary>
    public Tensor LogitsPerImage(Tensor imageFeatures_BP, Tensor textFeatures_TP) =>
        ClipFeatures.Logits(logit_scale, imageFeatures_BP, textFeatures_TP);

    /// <summary>
    /// Prepares a model that holds only its CLIP's weights for training: shift and scale 0, gate 1, so that it scores exactly as that
    /// CLIP does at every timestep, and a fresh time embedder.
    /// </summary>
    /// <param name="normal">Standard normal numbers of a shape, one layer after the other; null for libtorch's.</param>
    public void ResetTimeConditioning(Func<long[], Tensor>? normal = null)
    {
        using var noGradient = no_grad();
        vision_model.ResetModulation();
        t_embedder.Reset(EmbedderDeviation, normal);
    }

    internal Tensor TimeEmbedding(Tensor timesteps_B) => t_embedder.forward(timesteps_B);

    internal Tensor PooledModulation(Tensor timeEmbedding_BD) => vision_model.Modulation(timeEmbedding_BD);
}
