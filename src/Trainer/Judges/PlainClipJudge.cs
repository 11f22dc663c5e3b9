using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Judges;

/// <summary>A CLIP preference model whose score is its logit: PickScore, or the step-aware model without step conditioning.</summary>
/// <param name="name">What to call it in errors.</param>
/// <param name="network">Owned.</param>
/// <param name="preprocessing">From decoded images to the vision tower's pixels.</param>
/// <param name="tokenizer">Of the text tower.</param>
public sealed class PlainClipJudge(string name, ClipModel network, IImagePreprocessing preprocessing, IPromptTokenizer tokenizer)
    : UnconditionedClipJudge(name, network, preprocessing, tokenizer);
