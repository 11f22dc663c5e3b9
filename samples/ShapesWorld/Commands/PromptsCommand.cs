using System.CommandLine;
using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes prompts</c>: a list of captions, one a line.</summary>
sealed class PromptsCommand : Command
{
    readonly Option<int> count = ShapesOutput.Count("--count", "How many.", 1000);
    readonly Option<ulong> seed = new("--seed") { Description = "Seed of the list.", DefaultValueFactory = _ => 1 };
    readonly Option<bool> validation = new("--validation") { Description = "Of held-out combinations, the six kinds in turn, instead of training captions." };
    readonly ShapesOutput output;

    public PromptsCommand(ShapesOutput output) : base("prompts", "Write captions of the world, one a line.")
    {
        this.output = output;
        foreach (Option option in new Option[] { count, seed, validation }) Options.Add(option);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        var (number, from) = (parsed.GetValue(count), parsed.GetValue(seed));
        var scenes = parsed.GetValue(validation)
            ? PromptSplit.Validation(from, number)
            : Enumerable.Range(0, number).Select(i => PromptSplit.Draw(from, (uint)i, heldOut: false));
        foreach (var scene in scenes) output.Data(scene.Caption);
        return 0;
    }
}
