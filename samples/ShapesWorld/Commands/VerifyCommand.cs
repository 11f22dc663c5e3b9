using System.CommandLine;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes verify</c>: compares a package's files with its list.</summary>
sealed class VerifyCommand : Command
{
    readonly Option<string> model = new("--model") { Description = "The package's folder.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world") };
    readonly ShapesOutput output;

    public VerifyCommand(ShapesOutput output) : base("verify", "Compare the files of a packaged model with their recorded sizes and hashes.")
    {
        this.output = output;
        Options.Add(model);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        var folder = parsed.GetValue(model)!;
        if (!File.Exists(Path.Combine(folder, FileManifest.FileName)))
            throw new CheckpointException($"'{folder}' has no {FileManifest.FileName}: it is no packaged model. `spo shapes export` makes one.");
        var problems = FileManifest.Check(folder, compareHashes: true);
        if (problems.Count > 0) throw new CheckpointException($"'{folder}' is incomplete or damaged:\n  {string.Join("\n  ", problems)}");
        output.Data($"{folder}: all files as recorded");
        return 0;
    }
}
