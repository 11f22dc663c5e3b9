using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.ImageReward;

/// <summary>
/// ImageReward as a judge: the published, standardised reward. The model was trained with the sigmoid of the difference of raw rewards, so
/// the scale is the deviation that they were divided by.
/// </summary>
/// <param name="model">Owned.</param>
/// <param name="preprocessing">The original's, of pictures.</param>
/// <param name="tokenizer">BERT's; padding has the id 0 and is masked.</param>
public sealed class ImageRewardJudge(ImageRewardModel model, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer) : IJudge
{
    public string Name => "image_reward";

    public JudgeInput Input => JudgeInput.Images;

    public bool KnowsTimestep => false;

    public Device Device => model.Device;

    public double Scale => model.Config.RewardDeviation;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts)
    {
        using var scope = NewDisposeScope();
        return new PromptTensors(tokenizer.EncodeBatch(prompts).to(Device));
    }

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var ids_BL = ((PromptTensors)prompts)[0];
        var pixels_BCHW = preprocessing.ForScoring(inputs_BCHW.to(Device)).to_type(model.EncoderType);
        return model.Rewards(ids_BL, ids_BL.ne(0).to_type(ScalarType.Int64), model.EncodeImages(pixels_BCHW)).MoveToOuterDisposeScope();
    }

    public void Dispose() => model.Dispose();
}
