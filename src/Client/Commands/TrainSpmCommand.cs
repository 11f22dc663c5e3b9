using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Diagnosis;
using SpoActors.Client.Judges;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo train-spm</c>: trains a step-aware preference model from a configuration.</summary>
sealed class TrainSpmCommand : Command
{
    readonly ConfigurationOptions configuration = ConfigurationOptions.OfPreferenceTraining();
    readonly Option<bool> resume = new("--resume") { Description = "Go on with the training in its folder; one that is not there begins." };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Look at everything that the training needs and begin nothing." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;
    readonly TimeProvider time;

    public TrainSpmCommand(IConsoleOutput output, TimeProvider time) : base("train-spm", "Train a step-aware preference model on pairs in Pick-a-Pic's layout.")
    {
        (this.output, this.time) = (output, time);
        configuration.AddTo(this);
        foreach (Option option in new Option[] { resume, dryRun, format }) Options.Add(option);
        SetAction((parsed, cancellation) => Task.FromResult(Execute(parsed, cancellation)));
    }

    int Execute(ParseResult parsed, CancellationToken cancellation)
    {
        var settings = configuration.Load(parsed, (path, overrides) => SpecificationFile.LoadPreferenceTraining(path, overrides));
        settings = settings with { Model = settings.Model with { Device = DeviceCheck.Ensure(settings.Model.Device) } };
        // auto may have become a device that cannot compute in the type.
        if (PreferenceTrainingValidator.Validate(settings, checkFiles: false) is { Count: > 0 } problems) throw new SpecificationException($"'{configuration.File(parsed)}'", problems);
        if (parsed.GetValue(dryRun))
        {
            Finding[] findings = [.. ConfigurationChecks.OfTraining(configuration.File(parsed), settings, libtorchLoads: true)];
            output.Result(parsed.GetValue(format), findings, Finding.Tables);
            return (int)ExitCode.Success;
        }
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
            output.Warn($"Cancelled; the last complete step is committed in {trainingFolder.Path}. To go on:");
            output.Say(CommandText.With(parsed, "--resume"));
            return (int)ExitCode.Cancelled;
        }
        catch
        {
            trainingFolder.Abandon();
            throw;
        }
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
