using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// HPSv2 and 2.1 (arXiv 2306.09341): a hundred times the cosine, as its benchmark reports it. It was trained with exp(logit_scale) times the
/// cosine, which gives the scale, about 1.
/// </summary>
public sealed class Hpsv2Judge(string name, ClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : UnconditionedClipJudge(name, network, preprocessing, tokenizer)
{
    const double Percent = 100;

    public override double Scale => Temperature / Percent;

    protected override Tensor Normalize(Tensor features_ND) => Hpsv2Score.Normalize(features_ND);

    protected override Tensor RowScores(Tensor image_BD, Tensor text_BD) => Percent * (Normalize(image_BD) * text_BD).sum(-1);
}
