using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace SpoActors.Tools.Chaos;

/// <summary>Cuts the PostgreSQL of <c>eng/services</c> off and starts it again.</summary>
public sealed class PostgresRestart(string servicesFolder)
{
    /// <summary>For the services that the environment names; null if it names none.</summary>
    public static PostgresRestart? FromEnvironment() =>
        Environment.GetEnvironmentVariable("SPO_TEST_SERVICES") is { Length: > 0 } folder ? new PostgresRestart(folder) : null;

    public async Task ExecuteAsync(CancellationToken cancellation)
    {
        using var process = Process.Start(Path.Combine(Root(), "eng/services"), ["restart-postgres", servicesFolder]);
        await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        if (process.ExitCode != 0) throw new InvalidOperationException($"eng/services restart-postgres ended with status {process.ExitCode}");
    }

    static string Root([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../.."));
}
