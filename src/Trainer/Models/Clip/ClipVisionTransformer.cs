using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Class token and patches plus learned position embeddings.</summary>
sealed class ClipVisionEmbeddings : Module
{
    readonly Parameter class_embedding;
    readonly Conv2d patch_embedding;
    readonly Embedding position_embedding;
    readonly int imageSize;

    public ClipVisionEmbeddings(ClipVisionConfig config, Device? device, ScalarType dtype) : base(nameof(ClipVisionEmbeddings))
    {
        imageSize = config.ImageSize;
        class_embedding = new Parameter(zeros(config.HiddenSize, dtype, device));
        patch_embedding = Conv2d(config.NumChannels, config.HiddenSize, config.PatchSize, stride: config.PatchSize, bias: false,
            device: device, dtype: dtype);
        position_embedding = Embedding(config.NumPatches + 1, config.HiddenSize, device: device, dtype: dtype);
        RegisterComponents();
    }

    public Tensor forward(Tensor pixelValues_BCHW)
    {
        if (pixelValues_BCHW.dim() != 4 || pixelValues_BCHW.shape[2] != imageSize || pixelValues_BCHW.shape[3] != imageSize)
            throw new ArgumentException($"Pixel values have the shape [{string.Join(", ", pixelValues_BCHW.shape)}]; " +
                $"expected [batch, channels, {imageSize}, {imageSize}].", nameof(pixelValues_BCHW));
        using var scope = NewDisposeScope();
        var patches_BLD = patch_embedding.forward(pixelValues_BCHW).flatten(2).transpose(1, 2);
        var class_B1D = class_embedding.expand(pixelValues_BCHW.shape[0], 1, -1);
        return (cat([class_B1D, patches_BLD], 1) + position_embedding.weight!).MoveToOuterDisposeScope();
    }
}

/// <summary>What a CLIP vision tower computes.</summary>
/// <param name="LastHiddenState_BLD">Before <c>post_layernorm</c>.</param>
/// <param name="PoolerOutput_BD">The class token after <c>post_layernorm</c>.</param>
/// <param name="HiddenStates">After <c>pre_layrnorm</c> and after each layer. Empty unless asked for.</param>
public sealed record ClipVisionOutput(Tensor LastHiddenState_BLD, Tensor PoolerOutput_BD, IReadOnlyList<Tensor> HiddenStates);

/// <summary>The vision tower (keys below <c>vision_model.</c>).</summary>
sealed class ClipVisionTransformer : Module
{
    readonly ClipVisionEmbeddings embeddings;
    // The checkpoints' own spelling.
    readonly LayerNorm pre_layrnorm;
    readonly ClipEncoder encoder;
    readonly LayerNorm post_layernorm;

    public ClipVisionTransformer(ClipVisionConfig config, Device? device, ScalarType dtype) : base(nameof(ClipVisionTransformer))
    {
        embeddings = new ClipVisionEmbeddings(config, device, dtype);
        pre_layrnorm = LayerNorm(config.HiddenSize, config.LayerNormEps, device: device, dtype: dtype);
        encoder = new ClipEncoder(ClipLayerSizes.Of(config), config.NumHiddenLayers, device, dtype);
        post_layernorm = LayerNorm(config.HiddenSize, config.LayerNormEps, device: device, dtype: dtype);
        RegisterComponents();
    }

    public ClipVisionOutput forward(Tensor pixelValues_BCHW, bool outputHiddenStates)
    {
        using var scope = NewDisposeScope();
        var states = encoder.forward(pre_layrnorm.forward(embeddings.forward(pixelValues_BCHW)), null, causal: false, outputHiddenStates);
        var pooled_BD = post_layernorm.forward(states[^1].select(1, 0));
        return new ClipVisionOutput(states[^1].MoveToOuterDisposeScope(), pooled_BD.MoveToOuterDisposeScope(),
            outputHiddenStates ? [.. states.Select(s => s.MoveToOuterDisposeScope())] : []);
    }
}
