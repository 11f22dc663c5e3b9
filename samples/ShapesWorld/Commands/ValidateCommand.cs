using System.CommandLine;
using System.Text.Json;
using SpoActors.ShapesWorld.Oracles;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes validate</c>: how well the oracle knows renders.</summary>
sealed class ValidateCommand : Command
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    readonly Option<string> oracle = new("--oracle") { Description = "The oracle's folder.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world", "oracle") };
    readonly Option<int> count = new("--count") { Description = "Renders for each figure.", DefaultValueFactory = _ => 1200 };
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the renders; not the training's.", DefaultValueFactory = _ => 77 };
    readonly ShapesOutput output;

    public ValidateCommand(ShapesOutput output) : base("validate", "Validate the oracle on renders, whose content and quality are known.")
    {
        this.output = output;
        foreach (Option option in new Option[] { oracle, count, seed }) Options.Add(option);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        using var loaded = ShapesOracle.Load(parsed.GetValue(oracle)!);
        output.Data(JsonSerializer.Serialize(OracleValidation.Run(loaded, parsed.GetValue(seed), parsed.GetValue(count)), Indented));
        return 0;
    }
}
