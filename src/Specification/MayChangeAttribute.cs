namespace SpoActors.Specification;

/// <summary>
/// Marks a setting, or a section with all its settings, that may differ when a run is resumed. It says how, where or how long something
/// is computed, and moves results by rounding at most. All other settings say what is computed: together they are the run's identity
/// (<see cref="Yaml.SpecificationYaml.Identity"/>), and resuming with another value is refused.
/// </summary>
/// <param name="condition">What must stay the same nevertheless, where there is something.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MayChangeAttribute(string condition = "") : Attribute
{
    public string Condition => condition;
}
