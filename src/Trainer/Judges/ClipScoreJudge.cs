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
    public override double Scale => Temperature / ClipScoreFormula.PublishedWeight;

    protected override string Worded(string prompt) => ClipScoreFormula.Prefix + prompt;

    protected override Tensor RowScores(Tensor image_BD, Tensor text_BD) => ClipScoreFormula.Of(image_BD, text_BD).to_type(ScalarType.Float32);
}
