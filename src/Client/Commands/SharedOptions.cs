using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;

namespace SpoActors.Client.Commands;

/// <summary>Options that several commands have.</summary>
static class SharedOptions
{
    public static Option<OutputFormat> Format() => Choice("--format", OutputFormat.Table, "How results are written to stdout.");

    public static Option<string> Device() => new("--device")
    {
        Description = "auto, cpu, cuda or cuda:N.",
        DefaultValueFactory = _ => "cpu",
    };

    /// <summary>An option whose values are an enumeration's, spelled as in the configuration.</summary>
    public static Option<T> Choice<T>(string name, T byDefault, string description) where T : struct, Enum
    {
        var names = Enum.GetValues<T>().ToDictionary(v => SpecificationKeys.ToKey(v.ToString()));
        var option = new Option<T>(name)
        {
            Description = $"{description} One of {string.Join(", ", names.Keys)}.",
            HelpName = string.Join('|', names.Keys),
            DefaultValueFactory = _ => byDefault,
            CustomParser = result =>
            {
                if (names.TryGetValue(result.Tokens[0].Value, out var value)) return value;
                result.AddError($"{name} is '{result.Tokens[0].Value}'; expected one of {string.Join(", ", names.Keys)}.");
                return byDefault;
            },
        };
        // The enumeration's own names are no values here.
        option.CompletionSources.Clear();
        option.CompletionSources.Add([.. names.Keys]);
        return option;
    }

    /// <summary>Parts of a LoRA file that cannot be applied, and are left out instead of refused.</summary>
    public static Option<LoraFilePart[]> IgnoredLoraParts()
    {
        var names = Enum.GetValues<LoraFilePart>().ToDictionary(v => SpecificationKeys.ToKey(v.ToString()));
        var option = new Option<LoraFilePart[]>("--ignore")
        {
            Description = $"Leave out parts of the LoRA that cannot be applied: {string.Join(", ", names.Keys)}. May be given several times.",
            HelpName = string.Join('|', names.Keys),
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                foreach (var token in result.Tokens.Where(t => !names.ContainsKey(t.Value)))
                    result.AddError($"--ignore is '{token.Value}'; expected one of {string.Join(", ", names.Keys)}.");
                return [.. result.Tokens.Where(t => names.ContainsKey(t.Value)).Select(t => names[t.Value]).Distinct()];
            },
        };
        option.CompletionSources.Add([.. names.Keys]);
        return option;
    }
}
