using SpoActors.Specification;
using SpoActors.Specification.Yaml;

namespace SpoActors.Trainer.Judges;

/// <summary>Kinds of judges as the configuration spells them.</summary>
static class JudgeNames
{
    public static string Of(JudgeKind kind) => SpecificationKeys.ToKey(kind.ToString());
}
