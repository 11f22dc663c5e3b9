using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Blip;

/// <summary>BLIP's vision transformer: pre-norm blocks, all tokens handed on after the final norm.</summary>
sealed class BlipVisionEncoder : Module
{
    const double Epsilon = 1e-6;
    const int MlpRatio = 4;

    readonly Parameter cls_token, pos_embed;
    readonly PatchEmbedding patch_embed;
    readonly ModuleList<Block> blocks;
    readonly LayerNorm norm;

    public BlipVisionEncoder(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(BlipVisionEncoder))
    {
        var side = config.ImageSize / config.PatchSize;
        cls_token = new Parameter(zeros(1, 1, config.VisionWidth, dtype, device));
        pos_embed = new Parameter(zeros(1, side * side + 1, config.VisionWidth, dtype, device));
        patch_embed = new PatchEmbedding(config, device, dtype);
        blocks = ModuleList([.. Enumerable.Range(0, config.VisionLayers).Select(_ => new Block(config, device, dtype))]);
        norm = LayerNorm(config.VisionWidth, Epsilon, device: device, dtype: dtype);
        RegisterComponents();
    }

    /// <returns>[B, 1 + patches, width].</returns>
    public Tensor forward(Tensor pixelValues_BCHW)
    {
        using var scope = NewDisposeScope();
        var x = cat([cls_token.expand(pixelValues_BCHW.shape[0], -1, -1), patch_embed.forward(pixelValues_BCHW)], 1) + pos_embed;
        foreach (var block in blocks) x = block.forward(x);
        return norm.forward(x).MoveToOuterDisposeScope();
    }

    sealed class PatchEmbedding : Module
    {
        readonly Conv2d proj;

        public PatchEmbedding(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(PatchEmbedding))
        {
            proj = Conv2d(3, config.VisionWidth, config.PatchSize, stride: config.PatchSize, device: device, dtype: dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor pixelValues_BCHW) => proj.forward(pixelValues_BCHW).flatten(2).transpose(1, 2);
    }

    sealed class Block : Module
    {
        readonly LayerNorm norm1, norm2;
        readonly Attention attn;
        readonly Mlp mlp;

        public Block(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Block))
        {
            norm1 = LayerNorm(config.VisionWidth, Epsilon, device: device, dtype: dtype);
            attn = new Attention(config, device, dtype);
            norm2 = LayerNorm(config.VisionWidth, Epsilon, device: device, dtype: dtype);
            mlp = new Mlp(config.VisionWidth, device, dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD)
        {
            using var scope = NewDisposeScope();
            var h = x_BLD + attn.forward(norm1.forward(x_BLD));
            return (h + mlp.forward(norm2.forward(h))).MoveToOuterDisposeScope();
        }
    }

    sealed class Attention : Module
    {
        readonly Linear qkv, proj;
        readonly int heads;

        public Attention(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Attention))
        {
            heads = config.VisionHeads;
            qkv = Linear(config.VisionWidth, 3 * config.VisionWidth, device: device, dtype: dtype);
            proj = Linear(config.VisionWidth, config.VisionWidth, device: device, dtype: dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD)
        {
            var parts = qkv.forward(x_BLD).chunk(3, -1);
            return proj.forward(HeadAttention.Attend(parts[0], parts[1], parts[2], heads, null));
        }
    }

    sealed class Mlp : Module
    {
        readonly Linear fc1, fc2;

        public Mlp(int width, Device? device, ScalarType dtype) : base(nameof(Mlp))
        {
            fc1 = Linear(width, MlpRatio * width, device: device, dtype: dtype);
            fc2 = Linear(MlpRatio * width, width, device: device, dtype: dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD) => fc2.forward(functional.gelu(fc1.forward(x_BLD)));
    }
}
