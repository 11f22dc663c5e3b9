using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>A run's folder, held by one process at a time.</summary>
public sealed class RunFolder : IDisposable
{
    readonly HeldFolder held;

    /// <summary>Name of the resolved configuration's file.</summary>
    public const string ConfigurationFile = "config.yaml";

    RunFolder(HeldFolder held) => this.held = held;

    public string Path => held.Path;

    /// <summary>Whether a run was there already.</summary>
    public bool IsResumed => held.IsResumed;

    /// <summary>The resolved configuration, in its canonical text.</summary>
    public string ConfigFile => System.IO.Path.Combine(Path, ConfigurationFile);

    /// <summary>A JSON line for every round.</summary>
    public string MetricsFile => System.IO.Path.Combine(Path, HeldFolder.MetricsFile);

    public string LogFile => System.IO.Path.Combine(Path, "log.txt");

    /// <summary>The newest adapter, in the format diffusers loads.</summary>
    public string AdapterFile => System.IO.Path.Combine(Path, RunStore.AdapterFile);

    /// <summary>Grid of the evaluation prompts drawn by the untrained model.</summary>
    public string BeforeGrid => System.IO.Path.Combine(Path, "samples", "before.png");

    /// <summary>The same prompts and seeds after training.</summary>
    public string AfterGrid => System.IO.Path.Combine(Path, "samples", "after.png");

    /// <summary>Both grids side by side.</summary>
    public string ComparisonGrid => System.IO.Path.Combine(Path, "samples", "before-after.png");

    /// <summary>The figures of all rounds as curves.</summary>
    public string CurvesFile => System.IO.Path.Combine(Path, "curves.png");

    /// <summary>What an oracle found, where the configuration names one.</summary>
    public string OracleFile => System.IO.Path.Combine(Path, "oracle.json");

    /// <summary>A page that holds everything, pictures included.</summary>
    public string ReportFile => System.IO.Path.Combine(Path, "report.html");

    /// <summary>Where a specification's run lives.</summary>
    public static string PathOf(RunSpecification run) => System.IO.Path.GetFullPath(System.IO.Path.Combine(run.Output, run.Name));

    /// <summary>Makes the run's folder, or opens it to resume.</summary>
    /// <param name="run">A validated specification.</param>
    /// <param name="resume">Go on with what is there; a run that is not there begins.</param>
    /// <exception cref="RunStateException">The folder holds a run and <paramref name="resume"/> is false, or holds one of another configuration or of other prompts, or is in use.</exception>
    public static RunFolder Open(RunSpecification run, bool resume)
    {
        var folder = new RunFolder(HeldFolder.Open(PathOf(run), resume));
        try
        {
            Directory.CreateDirectory(System.IO.Path.Combine(folder.Path, "samples"));
            if (folder.IsResumed)
            {
                StoredConfiguration.Check(folder.Path, folder.ConfigFile, run, "or begin a new run from its last commit with --branch");
                if (RunManifest.In(folder.Path) is not null) new RunStore(folder.Path, RunIdentity.Of(run, TrainingPrompts.Read(run)), run.Checkpoints.Keep).Last();
            }
            StoredConfiguration.Write(folder.ConfigFile, run);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="HeldFolder.Abandon"/>
    public void Abandon() => held.Abandon();

    public void Dispose() => held.Dispose();
}
