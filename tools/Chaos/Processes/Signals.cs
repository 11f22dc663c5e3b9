using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SpoActors.Tools.Chaos.Processes;

/// <summary>Signals that .NET does not send.</summary>
public static class Signals
{
    const int Continue = 18, Stop = 19, Terminate = 15;

    /// <summary>SIGSTOP: not a single instruction more, and nobody is told.</summary>
    public static void Suspend(Process process) => Send(process, Stop);

    /// <summary>SIGCONT.</summary>
    public static void Resume(Process process) => Send(process, Continue);

    /// <summary>SIGTERM: a request to stop in good order.</summary>
    public static void Ask(Process process) => Send(process, Terminate);

    static void Send(Process process, int signal)
    {
        if (kill(process.Id, signal) != 0)
            throw new InvalidOperationException($"signal {signal} to process {process.Id}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [DllImport("libc", SetLastError = true)]
    static extern int kill(int process, int signal);
}
