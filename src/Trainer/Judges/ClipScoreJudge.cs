using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// CLIPScore (arXiv 2104.08718): 2.5 max(cosine, 0) of the image and of the prompt behind "A photo depicts". CLIP's own logit, exp(logit_scale)
/// times the cosine, gives the scale, 40 for the published models; below a cosine of 0 all images are equal.
/// </summary>
public sealed class ClipScoreJudge(string name, ClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : UnconditionedClipJudge(name, network, preprocessing, tokenizer)
{
    const double Weight = 2.5;
    const string Prefix = "A photo depicts ";

    public override double Scale => Temperature / Weight;

    protected override string Worded(string prompt) => Prefix + prompt;

    protected override Tensor RowScores(Tensor image_BD, Tensor text_BD) => Weight * (Normalize(image_BD) * text_BD).sum(-1).clamp_min(0);
}
