namespace SpoActors.Client.Diagnosis;

/// <summary>Something <c>spo doctor</c> looked at.</summary>
/// <param name="Subject">What.</param>
/// <param name="Status">How it is.</param>
/// <param name="Message">What was found.</param>
/// <param name="Fix">What to do about it; null where nothing needs doing.</param>
sealed record Finding(string Subject, FindingStatus Status, string Message, string? Fix = null);

/// <summary>Error: the program cannot work like this.</summary>
enum FindingStatus { Ok, Warning, Error }
