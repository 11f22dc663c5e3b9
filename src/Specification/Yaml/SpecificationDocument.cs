namespace SpoActors.Specification.Yaml;

/// <summary>What was read from a configuration.</summary>
/// <param name="Specification">The specification; keys with a problem have their default.</param>
/// <param name="Origins">The line or the override of every key that was given.</param>
/// <param name="Problems">Unknown keys and values of a wrong type.</param>
sealed record SpecificationDocument<T>(T Specification, IReadOnlyDictionary<string, string> Origins, IReadOnlyList<Problem> Problems);
