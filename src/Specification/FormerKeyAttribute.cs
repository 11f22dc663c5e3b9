namespace SpoActors.Specification;

/// <summary>The name that a key had before; files that hold it stay readable.</summary>
/// <param name="key">The former name, in the same section.</param>
/// <param name="values">Former values and what they are called now, in turn; none where values have not changed.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FormerKeyAttribute(string key, params string[] values) : Attribute
{
    public string Key => key;

    /// <summary>Today's spelling of a value.</summary>
    public string Translate(string value)
    {
        for (var i = 0; i + 1 < values.Length; i += 2)
            if (values[i] == value) return values[i + 1];
        return value;
    }
}
