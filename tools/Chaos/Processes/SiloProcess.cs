namespace SpoActors.Tools.Chaos.Processes;

/// <summary>A silo as a process.</summary>
/// <param name="plan">What it is.</param>
/// <param name="folder">Holds NAME.yaml, and takes its log and device locks.</param>
public sealed class SiloProcess(SiloPlan plan, string folder) : IDisposable
{
    readonly GuardedProcess process = new(
        [.. plan.Launcher, Path.Combine(AppContext.BaseDirectory, "SpoActors.Silo"), "--config", Path.Combine(folder, $"{plan.Name}.yaml")],
        Path.Combine(folder, $"{plan.Name}.log"), folder);

    public SiloPlan Plan => plan;

    public bool IsRunning => process.IsRunning;

    public int ExitCode => process.ExitCode;

    public void Start() => process.Start();

    /// <summary>SIGKILL.</summary>
    public void Kill() => process.Kill();

    /// <summary>SIGTERM.</summary>
    public void Ask() => process.Ask();

    /// <summary>SIGSTOP.</summary>
    public void Suspend() => process.Suspend();

    /// <summary>SIGCONT.</summary>
    public void Resume() => process.Resume();

    public Task WaitForExitAsync(CancellationToken cancellation) => process.WaitForExitAsync(cancellation);

    /// <summary>The last lines it wrote.</summary>
    public string LogTail(int lines = 30) => process.LogTail(lines);

    public void Dispose() => process.Dispose();
}
