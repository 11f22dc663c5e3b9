using System.CommandLine;
using SpoActors.ShapesWorld.Oracles;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes validate</c>: how well the oracle knows renders.</summary>
sealed class ValidateCommand : Command
{
    public const ulong DefaultSeed = 77;

    readonly Option<string> oracle = new("--oracle") { Description = "The oracle's folder.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world", "oracle") };
    readonly Option<int> count = ShapesOutput.Count("--count", "Renders for each figure.", 1200);
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the renders; not the training's.", DefaultValueFactory = _ => DefaultSeed };
    readonly Option<string> format = ShapesOutput.Format();
    readonly ShapesOutput output;

    public ValidateCommand(ShapesOutput output) : base("validate", "Validate the oracle on renders, whose content and quality are known.")
    {
        this.output = output;
        foreach (Option option in new Option[] { oracle, count, seed, format }) Options.Add(option);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        using var loaded = ShapesOracle.Load(parsed.GetValue(oracle)!);
        output.Result(parsed.GetValue(format)!, OracleValidation.Run(loaded, parsed.GetValue(seed), parsed.GetValue(count)), ValidationTables.Of);
        return 0;
    }
}
