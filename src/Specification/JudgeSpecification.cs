namespace SpoActors.Specification;

/// <summary>
/// What says which candidate wins. Every judge's scores become probabilities of the better image winning, sigmoid(scale * difference), so
/// <c>pairs.threshold</c> means the same for all of them. A key that the kind does not use keeps its default.
/// </summary>
// Not sealed: a member is a judge with a weight.
public abstract record JudgeSettings
{
    /// <summary>
    /// spm: a step-aware preference model. clip: the same without step conditioning. pickscore, hpsv2, hpsv2_1, image_reward, aesthetic,
    /// clipscore: the published ones, with their own preprocessing. sum, vote: several members. remote: a judge over HTTP.
    /// </summary>
    [FormerKey("step_aware", "true", "spm", "false", "clip")]
    public JudgeKind Kind { get; init; } = JudgeKind.Spm;

    /// <summary>The judge's folder, or its checkpoint file; for aesthetic the head's.</summary>
    public string Path { get; init; } = "";

    /// <summary>
    /// Folder with what the checkpoint lacks: config.json, preprocessor_config.json and the tokenizer of a CLIP; med_config.json and vocab.txt
    /// of image_reward; the CLIP itself of aesthetic. null: beside the checkpoint.
    /// </summary>
    public string? Processor { get; init; }

    /// <summary>Type in which the judge's networks compute; scores and their last normalisation are float32 in any case.</summary>
    public NumberType Dtype { get; init; } = NumberType.Float32;

    /// <summary>Images decoded and scored together.</summary>
    [MayChange]
    public int BatchSize { get; init; } = 8;

    /// <summary>Logits of a difference of 1 between two scores; null for the judge's own scale (aesthetic has none that is published: 1).</summary>
    public double? Scale { get; init; }

    /// <summary>
    /// Judges of a sum or a vote, each a section like this one with kind and what belongs to it; of a sum also weight, by which a member's
    /// logit is multiplied.
    /// </summary>
    public IReadOnlyList<JudgeMemberSpecification> Members { get; init; } = [];

    /// <summary>Address of a remote judge, such as http://scorer:8800; docs/remote-judge.md describes what it must answer.</summary>
    public string? Url { get; init; }

    /// <summary>File with the token that a remote judge asks for; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Seconds that a remote judge has for an answer, each time it is asked.</summary>
    public double TimeoutSeconds { get; init; } = 60;
}

/// <summary>A run's judge.</summary>
public sealed record JudgeSpecification : JudgeSettings;

/// <summary>One judge of several.</summary>
public sealed record JudgeMemberSpecification : JudgeSettings
{
    /// <summary>Factor of the member's logit in a sum.</summary>
    public double Weight { get; init; } = 1;
}

public enum JudgeKind
{
    Spm,
    Clip,
    Pickscore,
    Hpsv2,
    Hpsv2_1,
    ImageReward,
    Aesthetic,
    Clipscore,
    Sum,
    Vote,
    Remote,
}
