using SpoActors.Trainer.Models.Blip;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Judges.ImageReward;

/// <summary>
/// ImageReward (arXiv 2304.05977): BLIP's encoders, and a head on the text encoder's first token. The reward is normalised by the
/// mean and deviation of the original's data.
/// </summary>
public sealed class ImageRewardModel : Module
{
    readonly BlipEncoders blip;
    readonly ScoreHead mlp;
    readonly ImageRewardConfig config;

    /// <param name="config">Sizes.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ImageRewardModel(ImageRewardConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(ImageRewardModel))
    {
        this.config = config;
        blip = new BlipEncoders(config, device, dtype);
        mlp = new ScoreHead(config.TextWidth, device, dtype);
        RegisterComponents();
    }

    /// <summary>The vision encoder's tokens, [B, M, V].</summary>
    public Tensor EncodeImages(Tensor pixelValues_BCHW) => blip.visual_encoder.forward(pixelValues_BCHW);

    /// <summary>Normalised rewards, [B], of images for one prompt.</summary>
    /// <param name="inputIds_1L">bert-base-uncased ids of the prompt, padded with 0; the first token is [CLS].</param>
    /// <param name="attentionMask_1L">1 for tokens, 0 for padding.</param>
    /// <param name="image_BMV">Tokens from <see cref="EncodeImages"/>.</param>
    public Tensor Rewards(Tensor inputIds_1L, Tensor attentionMask_1L, Tensor image_BMV)
    {
        using var scope = NewDisposeScope();
        return Normalize(RawRewards(TextStates(inputIds_1L, attentionMask_1L, image_BMV)[^1])).MoveToOuterDisposeScope();
    }

    internal IReadOnlyList<Tensor> TextStates(Tensor inputIds_1L, Tensor attentionMask_1L, Tensor image_BMV)
    {
        var images = image_BMV.shape[0];
        return blip.text_encoder.forward(inputIds_1L.expand(images, -1), attentionMask_1L.expand(images, -1), image_BMV);
    }

    internal Tensor RawRewards(Tensor text_BLD) => mlp.forward(text_BLD.select(1, 0));

    internal Tensor Normalize(Tensor raw_B) => (raw_B - config.RewardMean) / config.RewardDeviation;

    sealed class BlipEncoders : Module
    {
        /// <summary>Width of the projections that BLIP was trained with and the reward doesn't use.</summary>
        const int ContrastiveWidth = 256;

        public readonly BlipVisionEncoder visual_encoder;
        public readonly CrossAttendingBert text_encoder;

        // In the checkpoint; part of the state dict so that its keys can be held to be complete.
        readonly Linear vision_proj, text_proj;

        public BlipEncoders(ImageRewardConfig config, Device? device, ScalarType dtype) : base(nameof(BlipEncoders))
        {
            visual_encoder = new BlipVisionEncoder(config, device, dtype);
            text_encoder = new CrossAttendingBert(config, device, dtype);
            vision_proj = Linear(config.VisionWidth, ContrastiveWidth, device: device, dtype: dtype);
            text_proj = Linear(config.TextWidth, ContrastiveWidth, device: device, dtype: dtype);
            RegisterComponents();
        }
    }
}
