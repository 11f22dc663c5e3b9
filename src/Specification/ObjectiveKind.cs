namespace SpoActors.Specification;

/// <summary>Where samples come from.</summary>
public enum FlowKind
{
    /// <summary>Candidates of one denoising step, scored: win and lose transitions.</summary>
    StepPools,

    /// <summary>Whole trajectories whose images are scored: transitions with the image's label or advantage.</summary>
    Trajectories,

    /// <summary>Pairs of images from a dataset, noised to random timesteps.</summary>
    OwnPairs,
}

/// <summary>An objective as the specification knows it.</summary>
/// <param name="Name">As <c>objective.kind</c> names it.</param>
/// <param name="Flows">Flows that it can train from, its own first.</param>
/// <param name="PublishedFor">
/// The settings that it uses, with the values it was published with; what is null there it does not use. May depend on the choices made,
/// such as a variant.
/// </param>
/// <param name="HasSteps">Whether it trains transitions, so that a step's KL exists and <c>objective.kl_limit</c> can be set.</param>
/// <param name="HasRewards">Whether scores are its rewards, so that a judge must score each image by itself.</param>
public sealed record ObjectiveKind(
    string Name, IReadOnlyList<FlowKind> Flows, Func<ObjectiveSpecification, ObjectiveSpecification> PublishedFor, bool HasSteps = false, bool HasRewards = false)
{
    /// <summary>An objective whose published settings depend on no choice.</summary>
    public ObjectiveKind(string name, IReadOnlyList<FlowKind> flows, ObjectiveSpecification published, bool hasSteps = false, bool hasRewards = false)
        : this(name, flows, _ => published, hasSteps, hasRewards)
    {
    }

    /// <summary>All settings but the kind, by the key after <c>objective.</c></summary>
    public static IReadOnlyList<(string Key, Func<ObjectiveSpecification, object?> Read)> Settings { get; } =
    [
        ("beta", o => o.Beta),
        ("eps", o => o.Eps),
        ("guidance", o => o.Guidance),
        ("link", o => o.Link),
        ("label_smoothing", o => o.LabelSmoothing),
        ("kl_limit", o => o.KlLimit),
        ("clip_range", o => o.ClipRange),
        ("advantage_clip", o => o.AdvantageClip),
        ("per_prompt_statistics", o => o.PerPromptStatistics),
        ("statistics_buffer", o => o.StatisticsBuffer),
        ("statistics_minimum", o => o.StatisticsMinimum),
        ("grad_scale", o => o.GradScale),
        ("slow_decay", o => o.SlowDecay),
        ("snr_value", o => o.SnrValue),
        ("score_scale", o => o.ScoreScale),
        ("variant", o => o.Variant),
        ("winner_preserving", o => o.WinnerPreserving),
        ("mu", o => o.Mu),
        ("alpha", o => o.Alpha),
        ("min_weight", o => o.MinWeight),
    ];

    /// <summary>Keys of the settings that it uses, given the choices made.</summary>
    public IReadOnlyList<string> Uses(ObjectiveSpecification given)
    {
        var published = PublishedFor(given);
        return [.. Settings.Where(s => s.Read(published) is not null || (HasSteps && s.Key == "kl_limit")).Select(s => s.Key)];
    }

    /// <summary>The settings with the published values in place of those that are null.</summary>
    public ObjectiveSpecification Resolve(ObjectiveSpecification given)
    {
        var published = PublishedFor(given);
        return new ObjectiveSpecification
        {
            Kind = given.Kind,
            Beta = given.Beta ?? published.Beta,
            Eps = given.Eps ?? published.Eps,
            Guidance = given.Guidance ?? published.Guidance,
            Link = given.Link ?? published.Link,
            LabelSmoothing = given.LabelSmoothing ?? published.LabelSmoothing,
            KlLimit = given.KlLimit ?? published.KlLimit,
            ClipRange = given.ClipRange ?? published.ClipRange,
            AdvantageClip = given.AdvantageClip ?? published.AdvantageClip,
            PerPromptStatistics = given.PerPromptStatistics ?? published.PerPromptStatistics,
            StatisticsBuffer = given.StatisticsBuffer ?? published.StatisticsBuffer,
            StatisticsMinimum = given.StatisticsMinimum ?? published.StatisticsMinimum,
            GradScale = given.GradScale ?? published.GradScale,
            SlowDecay = given.SlowDecay ?? published.SlowDecay,
            SnrValue = given.SnrValue ?? published.SnrValue,
            ScoreScale = given.ScoreScale ?? published.ScoreScale,
            Variant = given.Variant ?? published.Variant,
            WinnerPreserving = given.WinnerPreserving ?? published.WinnerPreserving,
            Mu = given.Mu ?? published.Mu,
            Alpha = given.Alpha ?? published.Alpha,
            MinWeight = given.MinWeight ?? published.MinWeight,
        };
    }
}
