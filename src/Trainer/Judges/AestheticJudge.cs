using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// LAION's aesthetic predictor: a head on the image embedding of CLIP ViT-L/14, trained on people's ratings from 1 to 10. It knows neither
/// prompt nor timestep. No probability of one image winning over another was published: a rating more is taken for one logit unless
/// <c>judge.scale</c> says otherwise.
/// </summary>
/// <param name="vision">The CLIP's vision tower with its projection; owned.</param>
/// <param name="head">Float32, on the same device; owned.</param>
/// <param name="preprocessing">OpenAI's, of pictures.</param>
public sealed class AestheticJudge(ClipVisionModelWithProjection vision, ScoreHead head, IImagePreprocessing preprocessing) : IJudge
{
    public string Name => "aesthetic";

    public JudgeInput Input => JudgeInput.Images;

    public bool KnowsTimestep => false;

    public Device Device => vision.ProjectionWeight.device;

    public double Scale => 1;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => new PromptTexts(prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var pixels_BCHW = preprocessing.ForScoring(inputs_BCHW.to(Device)).to_type(vision.ProjectionWeight.dtype);
        return AestheticScore.Of(head, vision.forward(pixels_BCHW).ImageEmbeds_BP.to_type(ScalarType.Float32)).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        head.Dispose();
        vision.Dispose();
    }
}
