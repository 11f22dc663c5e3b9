using System.CommandLine;
using SpoActors.ShapesWorld.Evaluation;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Packaging;
using SpoActors.ShapesWorld.Training;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes export</c>: the folder that is shipped, with a model card and a list of its files.</summary>
sealed class ExportCommand : Command
{
    readonly Option<string> work = new("--work") { Description = "The training's folder.", DefaultValueFactory = _ => Path.Combine("runs", "shapes-world") };
    readonly Option<string> target = new("--target") { Description = "Where the package goes.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world") };
    readonly Option<int> prompts = ShapesOutput.Count("--prompts", "Held-out prompts of the base model's evaluation in the card.", new EvaluationSettings().Prompts);
    readonly Option<int> renders = ShapesOutput.Count("--renders", "Renders of each figure of the oracle's validation in the card.", 1200);
    readonly ShapesOutput output;

    public ExportCommand(ShapesOutput output) : base("export", "Package a trained world: fp16 weights, model card, sizes and hashes of all files.")
    {
        this.output = output;
        foreach (Option option in new Option[] { work, target, prompts, renders }) Options.Add(option);
        SetAction((parsed, cancel) => Task.FromResult(Execute(parsed, cancel)));
    }

    int Execute(ParseResult parsed, CancellationToken cancel)
    {
        var (from, to) = (parsed.GetValue(work)!, parsed.GetValue(target)!);
        ShapesPackage.Copy(from, to);
        // The list of an earlier package would not fit the new files.
        File.Delete(Path.Combine(to, SpoActors.Trainer.Checkpoints.FileManifest.FileName));
        var settings = new EvaluationSettings { Prompts = parsed.GetValue(prompts) };
        using var oracle = ShapesOracle.Load(Path.Combine(to, ChainStages.Oracle));
        var validation = OracleValidation.Run(oracle, ValidateCommand.DefaultSeed, parsed.GetValue(renders));
        var verdicts = new ModelEvaluation(to, settings).Run(null, Environment.ProcessorCount, done => output.Words(FormattableString.Invariant($"{done}/{settings.Prompts} images")), cancel);
        ShapesPackage.Finish(to, ModelCard.Write(from, validation, EvaluationComparison.Of(verdicts, null, settings.Seed), settings));
        output.Data(to);
        return 0;
    }
}
