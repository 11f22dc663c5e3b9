using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Training;

namespace SpoActors.Trainer.Runs;

/// <summary>A run's folder, held by one process at a time.</summary>
public sealed class RunFolder : IDisposable
{
    const string LockFile = ".lock";

    readonly FileStream held;

    RunFolder(string path, FileStream held, bool isResumed) => (Path, this.held, IsResumed) = (path, held, isResumed);

    public string Path { get; }

    /// <summary>Whether a run was there already.</summary>
    public bool IsResumed { get; }

    /// <summary>The resolved configuration, in its canonical text.</summary>
    public string ConfigFile => System.IO.Path.Combine(Path, "config.yaml");

    /// <summary>A JSON line for every round.</summary>
    public string MetricsFile => System.IO.Path.Combine(Path, "metrics.jsonl");

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
    /// <exception cref="RunStateException">The folder holds a run and <paramref name="resume"/> is false, or holds another configuration, or is in use.</exception>
    public static RunFolder Open(RunSpecification run, bool resume)
    {
        var path = PathOf(run);
        if (File.Exists(path)) throw new RunStateException($"'{path}' is a file; the run needs a folder of that name. Choose another name or output.");
        var existing = Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(e => System.IO.Path.GetFileName(e) != LockFile);
        if (existing && !resume)
            throw new RunStateException($"'{path}' is not empty. Add --resume to go on with its run, or choose another name (--set name=...) or --output.");
        Directory.CreateDirectory(System.IO.Path.Combine(path, "samples"));
        var folder = new RunFolder(path, Hold(path), existing);
        try
        {
            if (existing) folder.CheckConfiguration(run);
            AtomicFile.Write(folder.ConfigFile, System.Text.Encoding.UTF8.GetBytes(SpecificationYaml.Write(run)));
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    void CheckConfiguration(RunSpecification run)
    {
        if (!File.Exists(ConfigFile))
        {
            if (!File.Exists(System.IO.Path.Combine(Path, "manifest.json"))) return;
            throw new RunStateException($"'{Path}' holds a manifest but no config.yaml, so nobody can tell whether it is the same run. Start a run of another name.");
        }
        var stored = SpecificationYaml.Read(ConfigFile);
        if (SpecificationYaml.Identity(stored) == SpecificationYaml.Identity(run)) return;
        var differing = ConfigurationDifference.Between(stored, run);
        throw new RunStateException(
            $"'{Path}' was made with another configuration; {differing.Count} differing {(differing.Count == 1 ? "key" : "keys")}:" +
            string.Concat(differing.Select(d => $"\n  {d}")) +
            "\nResume with the run's own settings, or start a run of another name. Rounds, epochs, checkpoints, evaluation and pipeline may change.");
    }

    static FileStream Hold(string path)
    {
        try
        {
            // Released by the system when the process ends, however it ends.
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new RunStateException($"'{path}' is in use by another process. Wait for it to end, or choose another name.", e);
        }
    }

    public void Dispose() => held.Dispose();
}
