using System.Collections.Concurrent;

namespace SpoActors.Specification;

/// <summary>The objectives that a specification may name. A program that brings its own adds it before it reads a specification.</summary>
public static class ObjectiveKinds
{
    static readonly ConcurrentDictionary<string, ObjectiveKind> Kinds = new(Published().ToDictionary(k => k.Name), StringComparer.Ordinal);

    /// <summary>All, in the order of their names.</summary>
    public static IReadOnlyList<ObjectiveKind> All => [.. Kinds.Values.OrderBy(k => k.Name, StringComparer.Ordinal)];

    /// <summary>Makes an objective known.</summary>
    /// <exception cref="ArgumentException">Its name is taken.</exception>
    public static void Add(ObjectiveKind kind)
    {
        if (!Kinds.TryAdd(kind.Name, kind)) throw new ArgumentException($"there is an objective named {kind.Name} already; name the new one differently", nameof(kind));
    }

    /// <summary>The objective of a name, or null.</summary>
    public static ObjectiveKind? Find(string name) => Kinds.GetValueOrDefault(name);

    /// <exception cref="ArgumentException">There is none; the known ones are listed.</exception>
    public static ObjectiveKind Get(string name) => Find(name) ?? throw new ArgumentException(
        $"there is no objective {name}; known: {string.Join(", ", All.Select(k => k.Name))}.{(Nearest(name) is { } near ? $" Did you mean {near}?" : "")}", nameof(name));

    /// <summary>The known name that a mistyped one most resembles, or null if none is close.</summary>
    public static string? Nearest(string name) => Spelling.Nearest(name, All.Select(k => k.Name));

    /// <summary>A specification's objective with every published value filled in.</summary>
    /// <exception cref="ArgumentException">The kind is unknown.</exception>
    public static ObjectiveSpecification Resolve(ObjectiveSpecification given) => Get(given.Kind).Resolve(given);

    static IEnumerable<ObjectiveKind> Published()
    {
        // RockeyCoss/SPO, configs/*.py; LPO and GradSPO take their settings from it but for those that they name.
        var ratio = new ObjectiveSpecification { Beta = 10, Eps = 0.1, Guidance = true, Link = LinkKind.Sigmoid, LabelSmoothing = 0 };
        yield return new("spo", [FlowKind.StepPools], ratio, hasSteps: true);
        yield return new("mspo", [FlowKind.StepPools], ratio, hasSteps: true);
        yield return new("lpo", [FlowKind.StepPools], ratio with { Beta = 500 }, hasSteps: true);
        yield return new("grad_spo", [FlowKind.StepPools], ratio with { GradScale = 0.5, SlowDecay = 0.9 }, hasSteps: true);
        // yk7333/d3po, config/base.py.
        yield return new("d3po", [FlowKind.Trajectories], ratio with { Beta = 0.1 }, hasSteps: true);
        // kvablack/ddpo-pytorch, config/base.py.
        yield return new("ddpo", [FlowKind.Trajectories], Ddpo, HasSteps: true, HasRewards: true);
        // SalesforceAIResearch/DiffusionDPO, launchers/*.sh.
        yield return new("diffusion_dpo", [FlowKind.OwnPairs], new ObjectiveSpecification { Beta = 5000, Guidance = false, Link = LinkKind.Sigmoid, LabelSmoothing = 0 });
        // mapo-t2i/mapo, args.py.
        yield return new("mapo", [FlowKind.OwnPairs], new ObjectiveSpecification { Beta = 0.1, Guidance = false, SnrValue = 0.5, ScoreScale = 1000 });
        yield return new("sdpo", [FlowKind.OwnPairs], Sdpo);
        // Linear-DPO, run_sd1_5_pickapic_linear.sh; of its decays 0.95, 0.99 and 0.995 the first named.
        yield return new("linear_dpo", [FlowKind.OwnPairs], new ObjectiveSpecification { Beta = 100, Guidance = false, SlowDecay = 0.99, MinWeight = 1e-3 });
    }

    static ObjectiveSpecification Ddpo(ObjectiveSpecification given)
    {
        var common = new ObjectiveSpecification { Guidance = true, ClipRange = 1e-4, AdvantageClip = 5, PerPromptStatistics = true };
        return given.PerPromptStatistics == false ? common : common with { StatisticsBuffer = 16, StatisticsMinimum = 16 };
    }

    /// <summary>AIDC-AI/Diffusion-SDPO, scripts/train/*.sh: those of SD 1.5, but for dspo_sdxl.</summary>
    static ObjectiveSpecification Sdpo(ObjectiveSpecification given)
    {
        var variant = given.Variant ?? SdpoVariant.DiffusionDpo;
        var (beta, mu) = variant switch
        {
            SdpoVariant.DiffusionDpo => (5000.0, 0.9),
            SdpoVariant.Dmpo => (2000, 0.9),
            SdpoVariant.Dspo => (0.001, 0.2),
            _ => (5000, 0.6),
        };
        var linked = variant == SdpoVariant.DiffusionDpo;
        return new ObjectiveSpecification
        {
            Beta = beta,
            Guidance = false,
            Variant = variant,
            WinnerPreserving = true,
            Mu = given.WinnerPreserving == false ? null : mu,
            Alpha = variant == SdpoVariant.Dmpo ? 0.01 : null,
            Link = linked ? LinkKind.Sigmoid : null,
            LabelSmoothing = linked ? 0 : null,
        };
    }
}
