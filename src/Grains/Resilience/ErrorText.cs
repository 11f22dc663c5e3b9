using SpoActors.Specification;

namespace SpoActors.Grains.Resilience;

/// <summary>An error on one line, for reports, events and logs.</summary>
public static class ErrorText
{
    const int Longest = 2000;

    /// <summary>What an error says. Orleans puts stack traces into messages, from their second line on.</summary>
    public static string Of(Exception error) =>
        PlainText.OneLine(Calls.IsOfTheNetwork(error) ? error.Message.Split('\n', 2)[0].TrimEnd() : error.Message, Longest);
}
