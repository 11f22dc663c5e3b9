using System.Globalization;

namespace SpoActors.Specification;

/// <summary>One thing wrong with a configuration.</summary>
/// <param name="Key">The key, dotted: <c>sampling.candidates</c>.</param>
/// <param name="Found">The value found.</param>
/// <param name="Expected">What was expected.</param>
/// <param name="Fix">What to do.</param>
/// <param name="Where">The line or the override that holds the value; null where it was not given.</param>
public sealed record Problem(string Key, string Found, string Expected, string Fix, string? Where = null)
{
    const int LongestKey = 200, LongestFound = 2000;

    /// <summary>How many times it was met.</summary>
    public int Times { get; init; } = 1;

    /// <summary>Further places of the same, the first ones named; null where there are none.</summary>
    public string? Elsewhere { get; init; }

    /// <summary>On one line, without characters that a terminal obeys, and cut where a file's content made it long.</summary>
    public override string ToString() =>
        $"{(Where is null ? "" : $"{PlainText.OneLine(Where, LongestKey)}: ")}{PlainText.OneLine(Key, LongestKey)}: found {PlainText.OneLine(Found, LongestFound)}; " +
        $"expected {PlainText.OneLine(Expected, LongestFound)}. {PlainText.OneLine(Fix, LongestFound)}{(Elsewhere is null ? "" : $" The same at {Elsewhere}.")}";
}

/// <summary>A configuration that cannot be run; the message lists the first problems and counts all.</summary>
public sealed class SpecificationException(string source, IReadOnlyList<Problem> problems) : Exception(Describe(source, problems))
{
    const int MostListed = 20;

    public IReadOnlyList<Problem> Problems { get; } = problems;

    static string Describe(string source, IReadOnlyList<Problem> problems)
    {
        var count = problems.Sum(p => (long)p.Times);
        var more = problems.Skip(MostListed).Sum(p => (long)p.Times);
        return string.Create(CultureInfo.InvariantCulture, $"{PlainText.OneLine(source)} has {count:N0} problem{(count == 1 ? "" : "s")}:\n  - {string.Join("\n  - ", problems.Take(MostListed))}") +
            (more > 0 ? string.Create(CultureInfo.InvariantCulture, $"\n  - and {more:N0} more.") : "");
    }
}
