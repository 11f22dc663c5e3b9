using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Inspection;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Pipelines.Inspection;
using SpoActors.Trainer.Storage;

namespace SpoActors.Client.Commands;

/// <summary><c>spo inspect</c>: what is this checkpoint, or how was this image made.</summary>
sealed class InspectCommand : Command
{
    readonly Argument<string> path = new("path") { Description = "A checkpoint file, a model folder, or a PNG that spo drew." };
    readonly Option<bool> tensors = new("--tensors") { Description = "List every tensor with its type and shape." };
    readonly Option<bool> finite = new("--check-finite") { Description = "Look for NaN and infinite weights; reads the whole file." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;

    public InspectCommand(IConsoleOutput output) : base("inspect", "Say what a checkpoint file or folder is.")
    {
        this.output = output;
        Arguments.Add(path);
        foreach (Option option in new Option[] { tensors, finite, format }) Options.Add(option);
        SetAction((parsed, _) => Task.FromResult(Execute(parsed)));
    }

    int Execute(ParseResult parsed)
    {
        var target = InputPath.Readable(parsed.GetValue(path)!);
        if (!Path.Exists(target)) throw new ClientException(ExitCode.NotFound, $"'{target}' does not exist.");
        if (Path.GetExtension(target).Equals(".png", StringComparison.OrdinalIgnoreCase))
            output.Result(parsed.GetValue(format), TextsOf(target), texts =>
                [new OutputTable(target, ["keyword", "text"], [.. texts.Select(t => (IReadOnlyList<string>)[t.Key, t.Value])])]);
        else
            output.Result(parsed.GetValue(format), InspectionResult.Of(CheckpointInspector.Inspect(target, parsed.GetValue(finite)), parsed.GetValue(tensors)), InspectionResult.Tables);
        return (int)ExitCode.Success;
    }

    static IReadOnlyDictionary<string, string> TextsOf(string picture)
    {
        try
        {
            return PngFile.ReadTexts(InputFile.ReadAll(picture, PixelImage.LargestFile));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{picture}': {e.Message}.", e);
        }
    }
}
