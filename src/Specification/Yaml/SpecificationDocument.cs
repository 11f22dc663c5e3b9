namespace SpoActors.Specification.Yaml;

/// <summary>What was read from a configuration.</summary>
/// <param name="Specification">The specification; keys with a problem have their default.</param>
/// <param name="Origins">The line or the override of every key that was given.</param>
/// <param name="Problems">Unknown keys and values of a wrong type.</param>
sealed record SpecificationDocument<T>(T Specification, IReadOnlyDictionary<string, string> Origins, IReadOnlyList<Problem> Problems)
{
    /// <summary>All problems, those of validation with the line of their key; what could not be read is reported only once.</summary>
    public IReadOnlyList<Problem> With(IReadOnlyList<Problem> validation)
    {
        var unread = Problems.Select(p => p.Key).ToHashSet();
        return [.. Problems, .. validation.Where(p => !unread.Contains(p.Key)).Select(p => p with { Where = Origins.GetValueOrDefault(p.Key) })];
    }
}
