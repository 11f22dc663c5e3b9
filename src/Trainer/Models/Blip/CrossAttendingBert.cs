using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Blip;

/// <summary>BERT whose every layer also attends to the image's tokens; post-norm, without token types (BLIP's multimodal text encoder).</summary>
sealed class CrossAttendingBert : Module
{
    /// <summary>Epsilon of every LayerNorm.</summary>
    const double Epsilon = 1e-12;

    /// <summary>Added to the logits of padding; not minus infinity, as in the original.</summary>
    const double Masked = -10000;

    readonly Embeddings embeddings;
    readonly Encoder encoder;

    public CrossAttendingBert(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(CrossAttendingBert))
    {
        embeddings = new Embeddings(config, device, dtype);
        encoder = new Encoder(config, device, dtype);
        RegisterComponents();
    }

    /// <summary>The embeddings and every layer's output, [B, L, D] each: the last is the result.</summary>
    /// <param name="inputIds_BL">Token ids.</param>
    /// <param name="attentionMask_BL">1 for tokens, 0 for padding.</param>
    /// <param name="image_BMV">The vision encoder's tokens.</param>
    public IReadOnlyList<Tensor> forward(Tensor inputIds_BL, Tensor attentionMask_BL, Tensor image_BMV)
    {
        using var scope = NewDisposeScope();
        var mask_B11L = ((1 - attentionMask_BL.to_type(image_BMV.dtype)) * Masked).unsqueeze(1).unsqueeze(1);
        List<Tensor> states = [embeddings.forward(inputIds_BL)];
        foreach (var block in encoder.layer) states.Add(block.forward(states[^1], mask_B11L, image_BMV));
        return [.. states.Select(s => s.MoveToOuterDisposeScope())];
    }

    static LayerNorm Norm(ImageRewardConfig config, Device? device, ScalarType dtype) =>
        nn.LayerNorm(config.TextWidth, Epsilon, device: device, dtype: dtype);

    sealed class Embeddings : Module
    {
        readonly Embedding word_embeddings, position_embeddings;

        [ComponentName(Name = "LayerNorm")]
        readonly LayerNorm norm;

        public Embeddings(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Embeddings))
        {
            word_embeddings = Embedding(config.VocabSize, config.TextWidth, device: device, dtype: dtype);
            position_embeddings = Embedding(config.MaxPositions, config.TextWidth, device: device, dtype: dtype);
            norm = Norm(config, device, dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor inputIds_BL) =>
            norm.forward(word_embeddings.forward(inputIds_BL) + position_embeddings.weight!.narrow(0, 0, inputIds_BL.shape[1]));
    }

    sealed class Encoder : Module
    {
        public readonly ModuleList<Block> layer;

        public Encoder(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Encoder))
        {
            layer = ModuleList([.. Enumerable.Range(0, config.TextLayers).Select(_ => new Block(config, device, dtype))]);
            RegisterComponents();
        }
    }

    sealed class Block : Module
    {
        readonly Attention attention, crossattention;
        readonly Expansion intermediate;
        readonly ResidualOutput output;

        public Block(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Block))
        {
            attention = new Attention(config, config.TextWidth, device, dtype);
            crossattention = new Attention(config, config.VisionWidth, device, dtype);
            intermediate = new Expansion(config, device, dtype);
            output = new ResidualOutput(config, config.TextIntermediate, device, dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD, Tensor mask_B11L, Tensor image_BMV)
        {
            using var scope = NewDisposeScope();
            var self = attention.forward(x_BLD, x_BLD, mask_B11L);
            var cross = crossattention.forward(self, image_BMV, null);
            return output.forward(intermediate.forward(cross), cross).MoveToOuterDisposeScope();
        }
    }

    sealed class Attention : Module
    {
        readonly Projections self;
        readonly ResidualOutput output;
        readonly int heads;

        public Attention(ImageRewardConfig config, int sourceWidth, Device? device, ScalarType dtype) : base(nameof(Attention))
        {
            heads = config.TextHeads;
            self = new Projections(config, sourceWidth, device, dtype);
            output = new ResidualOutput(config, config.TextWidth, device, dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD, Tensor source_BMS, Tensor? mask_B11M) => output.forward(
            HeadAttention.Attend(self.query.forward(x_BLD), self.key.forward(source_BMS), self.value.forward(source_BMS), heads, mask_B11M), x_BLD);
    }

    sealed class Projections : Module
    {
        public readonly Linear query, key, value;

        public Projections(ImageRewardConfig config, int sourceWidth, Device? device, ScalarType dtype) : base(nameof(Projections))
        {
            query = Linear(config.TextWidth, config.TextWidth, device: device, dtype: dtype);
            key = Linear(sourceWidth, config.TextWidth, device: device, dtype: dtype);
            value = Linear(sourceWidth, config.TextWidth, device: device, dtype: dtype);
            RegisterComponents();
        }
    }

    sealed class Expansion : Module
    {
        readonly Linear dense;

        public Expansion(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(Expansion))
        {
            dense = Linear(config.TextWidth, config.TextIntermediate, device: device, dtype: dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLD) => functional.gelu(dense.forward(x_BLD));
    }

    /// <summary>LayerNorm(dense(x) + residual).</summary>
    sealed class ResidualOutput : Module
    {
        readonly Linear dense;

        [ComponentName(Name = "LayerNorm")]
        readonly LayerNorm norm;

        public ResidualOutput(ImageRewardConfig config, int inputWidth, Device? device, ScalarType dtype) : base(nameof(ResidualOutput))
        {
            dense = Linear(inputWidth, config.TextWidth, device: device, dtype: dtype);
            norm = Norm(config, device, dtype);
            RegisterComponents();
        }

        public Tensor forward(Tensor x_BLI, Tensor residual_BLD) => norm.forward(dense.forward(x_BLI) + residual_BLD);
    }
}
