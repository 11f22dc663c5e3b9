namespace SpoActors.Specification.Validation;

/// <summary>Checks what is minimised: that the objective exists, that it uses what is set, and every value.</summary>
static class ObjectiveChecks
{
    public static void Check(RunSpecification run, Findings found)
    {
        var objective = run.Objective;
        if (ObjectiveKinds.Find(objective.Kind) is not { } kind)
        {
            found.Add("objective.kind", objective.Kind, "one of " + string.Join(", ", ObjectiveKinds.All.Select(k => k.Name)),
                ObjectiveKinds.Nearest(objective.Kind) is { } near ? $"Did you mean {near}?" : "Name one of them, or register yours first.");
            return;
        }
        CheckUse(kind, objective, found);
        CheckRatios(objective, found);
        CheckAdvantages(objective, kind.Resolve(objective), found);
        CheckErrors(objective, found);
        if (kind.Name == "mspo" && run.Sampling.InnerSteps == 0)
            found.Add("sampling.inner_steps", 0, "1 or more with objective.kind mspo", "The paper uses 3; for single steps take objective.kind spo.");
    }

    static void CheckUse(ObjectiveKind kind, ObjectiveSpecification objective, Findings found)
    {
        var used = kind.Uses(objective);
        foreach (var (key, read) in ObjectiveKind.Settings)
            if (read(objective) is { } value && !used.Contains(key))
                found.Add($"objective.{key}", value is Enum or bool ? Yaml(value) : value, $"null with objective.kind {kind.Name}{Choices(objective)}",
                    used.Count == 0 ? "It uses no setting." : $"It uses {string.Join(", ", used)}.");
    }

    /// <summary>The choices among which the used settings differ.</summary>
    static string Choices(ObjectiveSpecification objective) =>
        (objective.Variant is { } variant ? $" and variant {Yaml(variant)}" : "")
        + (objective.WinnerPreserving == false ? " and winner_preserving false" : "")
        + (objective.PerPromptStatistics == false ? " and per_prompt_statistics false" : "");

    static string Yaml(object value) => string.Concat(value.ToString()!.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{c}")).ToLowerInvariant();

    static void CheckRatios(ObjectiveSpecification objective, Findings found)
    {
        if (objective.Beta is { } beta) found.Real("objective.beta", beta, double.Epsilon, 1e6, "above 0", "The SPO paper uses 10.");
        if (objective.Eps is { } eps) found.Real("objective.eps", eps, double.Epsilon, 1 - 1e-9, "between 0 and 1", "The SPO paper uses 0.1.");
        if (objective.KlLimit is { } limit) found.Real("objective.kl_limit", limit, double.Epsilon, 1e6, "above 0, or null", "null sets no limit.");
        if (objective.LabelSmoothing is not { } smoothing) return;
        found.Real("objective.label_smoothing", smoothing, 0, 0.5 - 1e-9, "from 0, below 0.5", "At 0.5 a preference says nothing.");
        if (smoothing > 0 && objective.Link is not (null or LinkKind.Sigmoid or LinkKind.Robust))
            found.Add("objective.label_smoothing", smoothing, $"0 with objective.link {Yaml(objective.Link)}", "The links sigmoid and robust smooth labels.");
    }

    static void CheckAdvantages(ObjectiveSpecification objective, ObjectiveSpecification resolved, Findings found)
    {
        if (objective.ClipRange is { } range) found.Real("objective.clip_range", range, double.Epsilon, 1 - 1e-9, "between 0 and 1", "DDPO uses 1e-4.");
        if (objective.AdvantageClip is { } clip) found.Real("objective.advantage_clip", clip, double.Epsilon, 1e6, "above 0", "DDPO uses 5.");
        if (objective.StatisticsBuffer is { } buffer) found.Range("objective.statistics_buffer", buffer, 1, int.MaxValue, "DDPO uses 16.");
        if (resolved is { StatisticsMinimum: { } minimum, StatisticsBuffer: > 0 and { } holds })
            found.Range("objective.statistics_minimum", minimum, 1, holds, "A prompt's buffer must hold as many (objective.statistics_buffer); DDPO uses 16 of 16.");
    }

    static void CheckErrors(ObjectiveSpecification objective, Findings found)
    {
        if (objective.GradScale is { } scale) found.Real("objective.grad_scale", scale, double.Epsilon, 1e6, "above 0", "GradSPO uses 0.5.");
        if (objective.SlowDecay is { } decay) found.Real("objective.slow_decay", decay, 0, 1, "from 0 to 1", "0 copies the policy, 1 keeps the base model; GradSPO uses 0.9.");
        if (objective.SnrValue is { } snr) found.Real("objective.snr_value", snr, double.Epsilon, 1e6, "above 0", "MaPO uses 0.5.");
        if (objective.ScoreScale is { } factor) found.Real("objective.score_scale", factor, double.Epsilon, 1e9, "above 0", "MaPO uses 1000.");
        if (objective.Mu is { } mu) found.Real("objective.mu", mu, 0, 1, "from 0 to 1", "Diffusion-SDPO uses 0.9 for SD 1.5 and 0.6 for SDXL.");
        if (objective.Alpha is { } alpha) found.Real("objective.alpha", alpha, double.Epsilon, 0.5, "above 0 and up to 0.5", "DMPO uses 0.01.");
        if (objective.MinWeight is { } weight) found.Real("objective.min_weight", weight, 0, 0.5, "from 0 to 0.5", "Linear-DPO uses 1e-3.");
    }
}
