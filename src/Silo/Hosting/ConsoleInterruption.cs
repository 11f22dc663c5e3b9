using System.Runtime.InteropServices;

namespace SpoActors.Silo.Hosting;

/// <summary>Ctrl-C and SIGTERM before the host handles them itself.</summary>
sealed class ConsoleInterruption : IDisposable
{
    readonly CancellationTokenSource source = new();
    readonly PosixSignalRegistration[] registrations;

    public ConsoleInterruption() =>
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(s => PosixSignalRegistration.Create(s, context =>
        {
            context.Cancel = true;
            source.Cancel();
        }))];

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations) registration.Dispose();
        source.Dispose();
    }
}
