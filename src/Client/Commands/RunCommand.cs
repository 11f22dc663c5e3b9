using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Training;

namespace SpoActors.Client.Commands;

/// <summary><c>spo run</c>: trains a LoRA from a configuration.</summary>
sealed class RunCommand : Command
{
    readonly Argument<string> config = new("config") { Description = "A YAML configuration, such as config/tiny.yaml." };
    readonly Option<string[]> set = new("--set") { Description = "Overrides a key, such as sampling.steps=4. May be given several times.", HelpName = "key=value" };
    readonly Option<bool> resume = new("--resume") { Description = "Go on with the run in its folder; a run that is not there begins." };
    readonly Option<string?> name = new("--name") { Description = "Name of the run and its folder, instead of the configuration's." };
    readonly Option<string?> folder = new("--output") { Description = "Folder that holds the run's folder, instead of the configuration's." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;
    readonly TimeProvider time;

    public RunCommand(IConsoleOutput output, TimeProvider time) : base("run", "Train an SPO LoRA from a configuration.")
    {
        (this.output, this.time) = (output, time);
        Arguments.Add(config);
        foreach (Option option in new Option[] { set, resume, name, folder, format }) Options.Add(option);
        SetAction((parsed, cancellation) => Task.FromResult(Execute(parsed, cancellation)));
    }

    int Execute(ParseResult parsed, CancellationToken cancellation)
    {
        var run = Load(parsed);
        DeviceCheck.EnsureExists(run.Model.Device);
        using var runFolder = RunFolder.Open(run, parsed.GetValue(resume));
        try
        {
            var summary = Train(run, runFolder, cancellation);
            output.Result(parsed.GetValue(format), summary, RunSummary.Tables);
            return (int)ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            output.Warn($"Cancelled. `spo run {parsed.GetValue(config)} --resume` with the same options goes on from the last checkpoint in {runFolder.Path}.");
            return (int)ExitCode.Cancelled;
        }
    }

    RunSpecification Load(ParseResult parsed)
    {
        var path = parsed.GetValue(config)!;
        if (!File.Exists(path)) throw new ClientException(ExitCode.NotFound, $"The configuration '{path}' does not exist. Start from config/tiny.yaml or config/sd15.yaml.");
        IEnumerable<string> overrides = parsed.GetValue(set) ?? [];
        if (parsed.GetValue(name) is { } newName) overrides = overrides.Append($"name={newName}");
        if (parsed.GetValue(folder) is { } newFolder) overrides = overrides.Append($"output={newFolder}");
        return SpecificationFile.Load(path, overrides);
    }

    RunSummary Train(RunSpecification run, RunFolder runFolder, CancellationToken cancellation)
    {
        output.Say(runFolder.IsResumed ? $"Going on with the run in {runFolder.Path}." : $"Run folder: {runFolder.Path}");
        var files = RunProgress.To(new MetricsFile(runFolder.MetricsFile), new LogFile(runFolder.LogFile, time));
        if (!output.IsInteractive) return Train(new PlainProgress(output, time));
        RunSummary? summary = null;
        output.Live(redraw => summary = Train(new LiveProgress(redraw, time)));
        return summary!;

        RunSummary Train(IRunProgress shown)
        {
            var progress = RunProgress.To(files, shown);
            progress.Report(new RunMessage(MessageLevel.Information, "loading models"));
            using var training = new LocalRun(run, runFolder.Path, progress, time);
            var grids = new EvaluationGrids(training.Samples, run.Evaluation, progress);
            var manifest = training.Execute(() => grids.Draw(runFolder.BeforeGrid, "before", cancellation), cancellation);
            grids.Draw(runFolder.AfterGrid, "after", cancellation);
            return RunSummary.Of(runFolder, manifest);
        }
    }
}
