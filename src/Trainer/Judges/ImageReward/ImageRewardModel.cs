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

    /// <param name="config">Sizes.</param>
    /// <param name="device">META builds the model without memory, to be filled by a checkpoint.</param>
    /// <param name="dtype">Element type of the parameters.</param>
    public ImageRewardModel(ImageRewardConfig config, Device? device = null, ScalarType dtype = ScalarType.Float32) : base(nameof(ImageRewardModel))
    {
        Config = config;
        blip = new BlipEncoders(config, device, dtype);
        mlp = new ScoreHead(config.TextWidth, device, dtype);
        RegisterComponents();
    }

    public ImageRewardConfig Config { get; }

    public Device Device => blip.text_proj.weight!.device;

    /// <summary>Type in which the encoders compute; the head may have another.</summary>
    public ScalarType EncoderType => blip.text_proj.weight!.dtype;

    /// <summary>The vision encoder's tokens, [B, M, V].</summary>
    public Tensor EncodeImages(Tensor pixelValues_BCHW) => blip.visual_encoder.forward(pixelValues_BCHW);

    /// <summary>Normalised rewards, [B], of images for one prompt or for a prompt each.</summary>
    /// <param name="inputIds_BL">bert-base-uncased ids of the prompts, padded with 0, one row or B; the first token is [CLS].</param>
    /// <param name="attentionMask_BL">1 for tokens, 0 for padding.</param>
    /// <param name="image_BMV">Tokens from <see cref="EncodeImages"/>.</param>
    public Tensor Rewards(Tensor inputIds_BL, Tensor attentionMask_BL, Tensor image_BMV)
    {
        using var scope = NewDisposeScope();
        return Normalize(RawRewards(TextStates(inputIds_BL, attentionMask_BL, image_BMV)[^1])).MoveToOuterDisposeScope();
    }

    internal IReadOnlyList<Tensor> TextStates(Tensor inputIds_BL, Tensor attentionMask_BL, Tensor image_BMV)
    {
        var images = image_BMV.shape[0];
        return blip.text_encoder.forward(inputIds_BL.expand(images, -1), attentionMask_BL.expand(images, -1), image_BMV);
    }

    internal Tensor RawRewards(Tensor text_BLD) => mlp.forward(text_BLD.select(1, 0).to_type(mlp.Dtype));

    internal Tensor Normalize(Tensor raw_B) => (raw_B - Config.RewardMean) / Config.RewardDeviation;

    sealed class BlipEncoders : Module
    {
        /// <summary>Width of the projections that BLIP was trained with and the reward doesn't use.</summary>
        const int ContrastiveWidth = 256;

        public readonly BlipVisionEncoder visual_encoder;
        public readonly CrossAttendingBert text_encoder;

        // In the checkpoint; part of the state dict so that its keys can be held to be complete.
        public readonly Linear vision_proj, text_proj;

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
