namespace SpoActors.Specification;

/// <summary>One thing wrong with a configuration.</summary>
/// <param name="Key">The key, dotted: <c>sampling.candidates</c>.</param>
/// <param name="Found">The value found.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Where">The line or the override that holds the value; null where it was not given.</param>
public sealed record Problem(string Key, string Found, string Expected, string Fix, string? Where = null)
{
    public override string ToString() => $"{(Where is null ? "" : $"{Where}: ")}{Key}: found {Found}; expected {Expected}. {Fix}";
}

/// <summary>A configuration that cannot be run; the message lists every problem.</summary>
public sealed class SpecificationException(string source, IReadOnlyList<Problem> problems)
    : Exception($"{source} has {problems.Count} problem{(problems.Count == 1 ? "" : "s")}:\n  - {string.Join("\n  - ", problems)}")
{
    public IReadOnlyList<Problem> Problems { get; } = problems;
}
