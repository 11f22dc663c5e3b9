using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.Client.Diagnosis;
using SpoActors.Client.InProcess;
using SpoActors.Client.Reports;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo run</c>: trains a LoRA from a configuration.</summary>
sealed class RunCommand : Command
{
    readonly ConfigurationOptions configuration = ConfigurationOptions.OfRun();
    readonly Option<bool> resume = new("--resume") { Description = "Go on with the run in its folder; a run that is not there begins." };
    readonly Option<string?> branch = new("--branch")
    {
        Description = "With --resume: begin a new run of this name from the last commit of the configuration's run. Any setting may differ.",
        HelpName = "name",
    };

    readonly Option<bool> sequential = new("--sequential") { Description = "The plain loop, without a pipeline of actors. At staleness 0 the result is the same, bit for bit." };
    readonly Option<bool> dryRun = new("--dry-run") { Description = "Look at everything that the run needs, say what it will take, and begin nothing." };
    readonly Option<OutputFormat> format = SharedOptions.Format();
    readonly IConsoleOutput output;
    readonly TimeProvider time;
    readonly OracleRegistry oracles;

    public RunCommand(IConsoleOutput output, TimeProvider time, OracleRegistry oracles) : base("run", "Train an SPO LoRA from a configuration.")
    {
        (this.output, this.time, this.oracles) = (output, time, oracles);
        configuration.AddTo(this);
        foreach (Option option in new Option[] { resume, branch, sequential, dryRun, format }) Options.Add(option);
        SetAction(ExecuteAsync);
    }

    async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var run = configuration.Load(parsed, (path, overrides) => SpecificationFile.Load(path, overrides));
        oracles.EnsureKnown(run);
        run = run with { Model = run.Model with { Device = DeviceCheck.Ensure(run.Model.Device) } };
        // auto may have become a device that cannot compute in the type.
        SpecificationValidator.EnsureValid(run, $"'{configuration.File(parsed)}'", checkFiles: false);
        var parent = run;
        if (parsed.GetValue(branch) is { } name) run = Named(run, name, parsed.GetValue(resume));
        if (parsed.GetValue(dryRun))
        {
            Finding[] findings = [.. ConfigurationChecks.OfRun(configuration.File(parsed), run, libtorchLoads: true, oracles)];
            output.Result(parsed.GetValue(format), findings, Finding.Tables);
            return (int)ExitCode.Success;
        }
        RunInputs.Check(run);
        PromptWarnings.Tell(TrainingPrompts.Read(run).Texts, output);
        if (run != parent) RunBranch.Begin(RunFolder.PathOf(parent), run, TrainingPrompts.Read(run));
        using var runFolder = RunFolder.Open(run, parsed.GetValue(resume));
        if (RunManifest.In(runFolder.Path)?.Parent is { } origin) output.Say($"A branch of '{origin.Run}' after {origin.NextRound} rounds.");
        output.Say(runFolder.IsResumed ? $"Going on with the run in {runFolder.Path}." : $"Run folder: {runFolder.Path}");
        try
        {
            var summary = parsed.GetValue(sequential)
                ? Show(progress => RunSequentially(run, runFolder, progress, cancellation))
                : await ShowAsync(progress => RunPipelineAsync(run, runFolder, progress, cancellation));
            output.Result(parsed.GetValue(format), summary, RunSummary.Tables);
            return (int)ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            output.Warn(RunManifest.In(runFolder.Path) is { } last
                ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Cancelled after {last.NextRound} complete rounds, which are committed in {runFolder.Path}. To go on:")
                : "Cancelled before the first round was complete. To begin again:");
            output.Say(CommandText.With(parsed, "--resume"));
            return (int)ExitCode.Cancelled;
        }
        catch
        {
            runFolder.Abandon();
            throw;
        }
    }

    /// <summary>The specification of a branch.</summary>
    static RunSpecification Named(RunSpecification run, string name, bool isResumed)
    {
        if (!isResumed) throw new ClientException(ExitCode.InvalidInput, "--branch goes on from a commit of another run; add --resume.");
        if (name == run.Name) throw new ClientException(ExitCode.InvalidInput, $"--branch is '{name}', the name of the run to begin from; choose another one.");
        var branch = run with { Name = name };
        SpecificationValidator.EnsureValid(branch, $"--branch {name}");
        return branch;
    }

    /// <summary>The sequential loop, on this thread, which owns the device.</summary>
    RunSummary RunSequentially(RunSpecification run, RunFolder runFolder, IRunProgress shown, CancellationToken cancellation)
    {
        var progress = RunProgress.To(new MetricsFile(runFolder.MetricsFile), new LogFile(runFolder.LogFile, time), shown);
        progress.Report(new RunMessage(MessageLevel.Information, "loading models"));
        using var oracle = StartOracle(run, shown, cancellation);
        using var training = new LocalRun(run, runFolder.Path, progress, time);
        var grids = new EvaluationGrids(training.Samples, run.Evaluation, progress);
        training.Execute(() => grids.Draw(runFolder.BeforeGrid, "before", cancellation), cancellation);
        grids.Draw(runFolder.AfterGrid, "after", cancellation);
        return Conclude(run, runFolder, oracle, cancellation);
    }

    /// <summary>The pipeline, in a silo of this process; its trainer writes the run's files.</summary>
    async Task<RunSummary> RunPipelineAsync(RunSpecification run, RunFolder runFolder, IRunProgress shown, CancellationToken cancellation)
    {
        shown.Report(new RunMessage(MessageLevel.Information, "loading models"));
        using var oracle = StartOracle(run, shown, cancellation);
        await using (var pipeline = new InProcessPipeline(run, shown, time))
        {
            var end = await pipeline.ExecuteAsync(cancellation);
            foreach (var item in end.SetAside) output.Warn($"{item.Item} failed {run.Pipeline.MaxAttempts} times and was left out: {item.Error}");
        }
        return Conclude(run, runFolder, oracle, cancellation);
    }

    /// <summary>The oracle of a run that asks for one, measuring the untrained model already.</summary>
    IRunOracle? StartOracle(RunSpecification run, IRunProgress shown, CancellationToken cancellation)
    {
        var oracle = oracles.Create(run, text => shown.Report(new RunMessage(MessageLevel.Information, text)));
        oracle?.MeasureBefore(cancellation);
        return oracle;
    }

    /// <summary>Asks the oracle for its verdict and writes the report.</summary>
    static RunSummary Conclude(RunSpecification run, RunFolder runFolder, IRunOracle? oracle, CancellationToken cancellation)
    {
        var store = new RunStore(runFolder.Path, RunIdentity.Of(run, TrainingPrompts.Read(run)), run.Checkpoints.Keep);
        var manifest = store.Last()!;
        var figures = oracle?.Compare(store.AdapterPath(manifest), cancellation);
        if (figures is not null) ResultOutput.Write(runFolder.OracleFile, figures);
        var summary = RunSummary.Of(runFolder, manifest, figures);
        RunReport.Write(run, runFolder, summary);
        return summary;
    }

    RunSummary Show(Func<IRunProgress, RunSummary> work)
    {
        if (!output.IsInteractive) return work(Gated(new PlainProgress(output, time)));
        RunSummary? summary = null;
        output.Live(redraw => summary = work(Gated(new LiveProgress(redraw, time))));
        return summary!;
    }

    async Task<RunSummary> ShowAsync(Func<IRunProgress, Task<RunSummary>> work)
    {
        if (!output.IsInteractive) return await work(Gated(new PlainProgress(output, time)));
        RunSummary? summary = null;
        await output.LiveAsync(async redraw => summary = await work(Gated(new LiveProgress(redraw, time))));
        return summary!;
    }

    /// <summary>An oracle reports from threads of its own.</summary>
    static IRunProgress Gated(IRunProgress shown) => RunProgress.Synchronized(shown);
}
