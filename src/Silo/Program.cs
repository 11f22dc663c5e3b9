using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using SpoActors.Clustering;
using SpoActors.Grains.Hosting;
using SpoActors.Plugins;
using SpoActors.Silo;
using SpoActors.Silo.Hosting;
using SpoActors.Silo.Storage;
using SpoActors.Specification;
using SpoActors.Specification.Silos;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Native;

if (args is not ["--config", var path]) return await FailAsync(ExitCode.InvalidInput, "usage: SpoActors.Silo --config config/silo.yaml");
using var interrupted = new ConsoleInterruption();
try
{
    var settings = SiloSettingsFile.Read(path);
    // Whatever can refuse this silo does so before it joins: its joining alone changes what the others do.
    using var ports = new PortClaims(settings, $"'{path}'");
    string[] devices = [.. settings.Devices.Select(d => d.Device)];
    using var claims = new DeviceClaims(devices);
    DevicePresence.Ensure(devices);
    await using var app = SiloApplication.Build(settings, plugins: PluginLoader.Load(PluginLoader.Folders()));
    var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("SpoActors.Silo");
    await new StorageCheck(settings.Cluster, TimeProvider.System, logger).WaitAsync(interrupted.Token);
    // On localhost the membership is in the first silo: whoever joins finds out there (UniqueSiloName).
    if (settings.Cluster.Kind != "localhost")
        await new NameClaim(app.Services, TimeSpan.FromSeconds(settings.Cluster.FailureSeconds)).EnsureFreeAsync(interrupted.Token);
    interrupted.Token.ThrowIfCancellationRequested();
    ports.Release();
    // From here on signals are the host's.
    interrupted.Dispose();
    await app.RunAsync();
    return (int)ExitCode.Success;
}
catch (Exception e) when (e is SpecificationException or PluginException)
{
    return await FailAsync(ExitCode.InvalidInput, e.Message);
}
catch (Exception e) when (e is DeviceClaimedException or DeviceException or NativeLibtorchException)
{
    return await FailAsync(ExitCode.DeviceUnavailable, e.Message);
}
catch (ClusterConflictException e)
{
    return await FailAsync(ExitCode.Conflict, e.Message);
}
catch (StorageUnavailableException e)
{
    return await FailAsync(ExitCode.StorageUnavailable, e.Message);
}
catch (Exception e) when (e is OperationCanceledException or OrleansLifecycleCanceledException)
{
    return (int)ExitCode.Cancelled;
}
catch (Exception e) when (e.GetBaseException() is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
{
    return await FailAsync(ExitCode.InvalidInput, $"'{path}': a port was taken while the silo started: {PlainText.OneLine(e.GetBaseException().Message)}");
}
catch (Exception e)
{
    // Unforeseen: its place is what helps.
    return await FailAsync(ExitCode.Failed, e.ToString());
}

static async Task<int> FailAsync(ExitCode code, string message)
{
    await Console.Error.WriteLineAsync(message);
    return (int)code;
}
