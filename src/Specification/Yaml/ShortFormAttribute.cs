namespace SpoActors.Specification.Yaml;

/// <summary>In a list of sections, a value without keys stands for the section with that one key.</summary>
/// <param name="property">The key's property.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ShortFormAttribute(string property) : Attribute
{
    public string Property => property;
}
