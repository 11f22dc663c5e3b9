namespace SpoActors.Trainer.Objectives;

/// <summary>Metrics that several objectives share, and that terminals, curves and dashboards know.</summary>
public static class ObjectiveMetrics
{
    /// <summary>The loss.</summary>
    public const string Loss = "loss";

    /// <summary>Implicit reward margin, without any clamp.</summary>
    public const string Margin = "margin";

    /// <summary>Share of samples with a positive margin.</summary>
    public const string Accuracy = "accuracy";

    /// <summary>Clamped ratio of policy to reference of the win side.</summary>
    public const string WinRatio = "ratio_win";

    /// <summary>Clamped ratio of policy to reference of the lose side.</summary>
    public const string LoseRatio = "ratio_lose";

    /// <summary>Share of ratios that the clamp changed; they pass no gradient.</summary>
    public const string ClipShare = "clipped_share";

    /// <summary>Exact KL of a step to the base model, a mean over elements.</summary>
    public const string Kl = "kl";

    /// <summary>Share of samples whose KL exceeds <c>objective.kl_limit</c>; they pass no gradient.</summary>
    public const string KlExceeded = "kl_exceeded_share";

    /// <summary>Mean squared error of the policy's prediction of the win image.</summary>
    public const string WinError = "error_win";

    /// <summary>Mean squared error of the policy's prediction of the lose image.</summary>
    public const string LoseError = "error_lose";
}
