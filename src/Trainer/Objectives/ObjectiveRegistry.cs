using System.Collections.Concurrent;
using SpoActors.Specification;

namespace SpoActors.Trainer.Objectives;

/// <summary>Objectives by name. A program adds its own in one line: <c>ObjectiveRegistry.Register(new ObjectiveKind(...), o => new Mine(...))</c>.</summary>
public static class ObjectiveRegistry
{
    static readonly ConcurrentDictionary<string, Func<ObjectiveSpecification, IObjective>> Factories = new(StringComparer.Ordinal)
    {
        ["spo"] = o => new SpoObjective(Link(o), o.Eps!.Value, o.KlLimit),
        ["mspo"] = o => new SpoObjective(Link(o), o.Eps!.Value, o.KlLimit),
        ["lpo"] = o => new LpoObjective(Link(o), o.Eps!.Value, o.KlLimit),
        ["grad_spo"] = o => new GradSpoObjective(Link(o), o.Eps!.Value, o.GradScale!.Value, o.KlLimit),
        ["d3po"] = o => new D3poObjective(Link(o), o.Eps!.Value, o.KlLimit),
        ["ddpo"] = o => new DdpoObjective(o.ClipRange!.Value, o.AdvantageClip!.Value, o.KlLimit),
        ["diffusion_dpo"] = o => new DiffusionDpoObjective(Link(o)),
        ["mapo"] = o => new MapoObjective(o.Beta!.Value, o.SnrValue!.Value, o.ScoreScale!.Value),
        ["sdpo"] = o => new SdpoObjective(o.Variant!.Value, Link(o), o.Mu, o.Alpha ?? 0.01),
        ["linear_dpo"] = o => new LinearDpoObjective(o.Beta!.Value, o.MinWeight!.Value),
    };

    /// <summary>Makes an objective known to specifications and to <see cref="Create"/>. Call it before a specification is read.</summary>
    /// <param name="kind">Its name, flows and settings.</param>
    /// <param name="factory">Makes it of its settings, in which published values stand for those that were null.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public static void Register(ObjectiveKind kind, Func<ObjectiveSpecification, IObjective> factory)
    {
        ObjectiveKinds.Add(kind);
        Factories[kind.Name] = factory;
    }

    /// <summary>The objective that a specification names.</summary>
    /// <exception cref="ArgumentException">There is none of that name, or a setting is out of range.</exception>
    public static IObjective Create(ObjectiveSpecification objective)
    {
        var resolved = ObjectiveKinds.Resolve(objective);
        return Factories[resolved.Kind](resolved);
    }

    // Variants that use no link still have its β.
    static PreferenceLink Link(ObjectiveSpecification o) => new(o.Link ?? LinkKind.Sigmoid, o.Beta!.Value, o.LabelSmoothing ?? 0);
}
