using System.Runtime.InteropServices;
using SpoActors.Client.Console;

namespace SpoActors.Client;

/// <summary>Ctrl-C and SIGTERM ask the command to stop at its next safe point; a second one ends the process.</summary>
sealed class Interruption : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly IConsoleOutput output;
    readonly PosixSignalRegistration[] registrations;

    public Interruption(IConsoleOutput output)
    {
        this.output = output;
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];
    }

    public CancellationToken Token => source.Token;

    void Handle(PosixSignalContext context)
    {
        if (source.IsCancellationRequested) return;
        context.Cancel = true;
        output.Warn("Stopping at the next point where no complete round is lost; once more to stop at once.");
        source.Cancel();
    }

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
