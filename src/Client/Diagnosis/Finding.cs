using SpoActors.Client.Console;

namespace SpoActors.Client.Diagnosis;

/// <summary>Something <c>spo doctor</c> looked at.</summary>
/// <param name="Subject">What.</param>
/// <param name="Status">How it is.</param>
/// <param name="Message">What was found.</param>
/// <param name="Fix">What to do about it; null where nothing needs doing.</param>
sealed record Finding(string Subject, FindingStatus Status, string Message, string? Fix = null)
{
    /// <summary>Findings in a table.</summary>
    public static IEnumerable<OutputTable> Tables(IReadOnlyList<Finding> all) =>
        [new OutputTable(null, ["status", "what", "found", "fix"], [.. all.Select(f => (IReadOnlyList<string>)[ResultOutput.Text(f.Status), f.Subject, f.Message, f.Fix ?? ""])])];
}

/// <summary>Error: the program cannot work like this.</summary>
enum FindingStatus { Ok, Warning, Error }
