using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Judges;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Preference.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo train-spm</c>: trains a step-aware preference model from a configuration.</summary>
sealed class TrainSpmCommand : Command
{
    readonly Argument<string> config = new("config") { Description = "A YAML configuration, such as config/train-spm.yaml." };
    readonly Option<string[]> set = new("--set") { Description = "Overrides a key, such as training.steps=100. May be given several times.", HelpName = "key=value" };
    readonly Option<bool> resume = new("--resume") { Description = "Go on with the training in its folder; one that is not there begins." };
    readonly Option<string?> name = new("--name") { Description = "Name of the training and its folder, instead of the configuration's." };
    readonly Option<string?> folder = new("--output") { Description = "Folder that holds the training's folder, instead of the configuration's." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;
    readonly TimeProvider time;

    public TrainSpmCommand(IConsoleOutput output, TimeProvider time) : base("train-spm", "Train a step-aware preference model on pairs in Pick-a-Pic's layout.")
    {
        (this.output, this.time) = (output, time);
        Arguments.Add(config);
        foreach (Option option in new Option[] { set, resume, name, folder, format }) Options.Add(option);
        SetAction((parsed, cancellation) => Task.FromResult(Execute(parsed, cancellation)));
    }

    int Execute(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = Load(parsed);
        DeviceCheck.EnsureExists(settings.Model.Device);
        using var inputs = JudgeInputs.Check(settings);
        using var trainingFolder = JudgeFolder.Open(settings, parsed.GetValue(resume));
        try
        {
            var summary = Train(settings, inputs, trainingFolder, cancellation);
            output.Result(parsed.GetValue(format), summary, JudgeSummary.Tables);
            return (int)ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            output.Warn($"Cancelled. `spo train-spm {parsed.GetValue(config)} --resume` with the same options goes on from the last checkpoint in {trainingFolder.Path}.");
            return (int)ExitCode.Cancelled;
        }
    }

    PreferenceTrainingSpecification Load(ParseResult parsed)
    {
        var path = parsed.GetValue(config)!;
        if (!File.Exists(path)) throw new ClientException(ExitCode.NotFound, $"The configuration '{path}' does not exist. Start from config/train-spm.yaml or config/shapes-spm.yaml.");
        IEnumerable<string> overrides = parsed.GetValue(set) ?? [];
        if (parsed.GetValue(name) is { } newName) overrides = overrides.Append($"name={newName}");
        if (parsed.GetValue(folder) is { } newFolder) overrides = overrides.Append($"output={newFolder}");
        return SpecificationFile.LoadPreferenceTraining(path, overrides);
    }

    JudgeSummary Train(PreferenceTrainingSpecification settings, JudgeInputs inputs, JudgeFolder trainingFolder, CancellationToken cancellation)
    {
        output.Say(trainingFolder.IsResumed ? $"Going on with the training in {trainingFolder.Path}." : $"Folder: {trainingFolder.Path}");
        var files = new JudgeMetricsFiles(trainingFolder.Path);
        var recorded = RunProgress.To(files, new LogFile(trainingFolder.LogFile, time));
        if (!output.IsInteractive) return Train(new JudgePlainProgress(output, time));
        JudgeSummary? summary = null;
        output.Live(redraw => summary = Train(new JudgeLiveProgress(redraw, time)));
        return summary!;

        JudgeSummary Train(IRunProgress shown)
        {
            var progress = RunProgress.To(recorded, shown);
            progress.Report(new RunMessage(MessageLevel.Information, "loading models"));
            using var training = new JudgeTraining(settings, inputs.Load(), trainingFolder.Path, progress, time);
            var (manifest, hash) = training.Execute(cancellation);
            return JudgeSummary.Of(trainingFolder.Path, training.ModelFolder, hash, manifest, files);
        }
    }
}
