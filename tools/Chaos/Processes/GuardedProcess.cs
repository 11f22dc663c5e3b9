using System.Diagnostics;

namespace SpoActors.Tools.Chaos.Processes;

/// <summary>A process that can be started again, writes to a log, and dies with the process that started it, however that ends.</summary>
/// <param name="command">Program and arguments.</param>
/// <param name="logPath">Where both of its output streams go; appended to.</param>
/// <param name="temporaryFolder">Its folder for temporary files, which also marks what belongs together.</param>
public sealed class GuardedProcess(IReadOnlyList<string> command, string logPath, string temporaryFolder) : IDisposable
{
    // The shell becomes the program; the guard it leaves behind kills that when this process's end of the pipe closes.
    const string Guarded = """exec 3<&0; log=$1; shift; (read -r _ <&3; kill -KILL $$ 2>/dev/null) >/dev/null 2>&1 & exec "$@" 3<&- </dev/null >>"$log" 2>&1""";

    Process? process;

    public string LogPath => logPath;

    public bool IsRunning => process is { HasExited: false };

    public int ExitCode => Running.ExitCode;

    Process Running => process ?? throw new InvalidOperationException($"{command[0]} was never started");

    public void Start()
    {
        Dispose();
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, UseShellExecute = false };
        foreach (var argument in (string[])["-c", Guarded, "guarded", logPath, .. command]) start.ArgumentList.Add(argument);
        start.Environment["TMPDIR"] = temporaryFolder;
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        process = Process.Start(start)!;
    }

    /// <summary>SIGKILL.</summary>
    public void Kill() => Running.Kill();

    /// <summary>SIGTERM.</summary>
    public void Ask() => Signals.Ask(Running);

    /// <summary>SIGSTOP.</summary>
    public void Suspend() => Signals.Suspend(Running);

    /// <summary>SIGCONT.</summary>
    public void Resume() => Signals.Resume(Running);

    public async Task WaitForExitAsync(CancellationToken cancellation)
    {
        await Running.WaitForExitAsync(cancellation).ConfigureAwait(false);
        // The guard has nothing left to guard.
        Running.StandardInput.Close();
    }

    /// <summary>The last lines it wrote.</summary>
    public string LogTail(int lines = 30) => File.Exists(logPath) ? string.Join('\n', File.ReadLines(logPath).TakeLast(lines)) : "";

    public void Dispose()
    {
        if (process is null) return;
        if (!process.HasExited)
        {
            process.Kill();
            process.WaitForExit();
        }
        process.StandardInput.Close();
        process.Dispose();
        process = null;
    }
}
