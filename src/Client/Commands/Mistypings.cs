using System.CommandLine;
using System.CommandLine.Parsing;
using SpoActors.Specification;
using SpoActors.Specification.Texts;

namespace SpoActors.Client.Commands;

/// <summary>What is wrong with a command line, and what was likely meant.</summary>
static class Mistypings
{
    /// <summary>A line for each mistake.</summary>
    public static IEnumerable<string> Explain(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && parsed.UnmatchedTokens is [{ } word, ..] && !word.StartsWith('-'))
            return [$"There is no command '{PlainText.OneLine(word)}'{Meant(Spelling.Nearest(word, command.Subcommands.Select(c => c.Name)))}"];
        var lines = new List<string>();
        foreach (var error in parsed.Errors)
        {
            var mistyped = parsed.UnmatchedTokens.FirstOrDefault(t => t.StartsWith('-') && error.Message.Contains($"'{t}'", StringComparison.Ordinal));
            lines.Add(mistyped is null
                ? error.Message.TrimEnd()
                : $"There is no option '{PlainText.OneLine(mistyped)}'{Meant(Spelling.Nearest(mistyped, Options(parsed.CommandResult)))}");
        }
        return lines.Distinct();
    }

    static string Meant(string? nearest) => nearest is null ? "." : $"; did you mean '{nearest}'?";

    static IEnumerable<string> Options(CommandResult command)
    {
        for (SymbolResult? at = command; at is not null; at = at.Parent)
            if (at is CommandResult { Command: var level })
                foreach (var option in level.Options.Where(o => at == command || o.Recursive)) yield return option.Name;
    }
}
