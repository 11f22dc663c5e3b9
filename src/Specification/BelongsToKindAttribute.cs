namespace SpoActors.Specification;

/// <summary>A section whose settings mean something only to its <c>kind</c>: a file that extends another and names another kind takes none of them.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class BelongsToKindAttribute : Attribute;
