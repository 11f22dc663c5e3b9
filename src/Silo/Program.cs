using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SpoActors.Plugins;
using SpoActors.Silo;
using SpoActors.Silo.Hosting;
using SpoActors.Silo.Storage;
using SpoActors.Specification;
using SpoActors.Specification.Silos;

if (args is not ["--config", var path]) return await FailAsync(ExitCode.InvalidInput, "usage: SpoActors.Silo --config config/silo.yaml");
try
{
    var settings = SiloSettingsFile.Read(path);
    using var devices = new DeviceClaims(settings.Devices);
    await using var app = SiloApplication.Build(settings, plugins: PluginLoader.Load(PluginLoader.Folders()));
    var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("SpoActors.Silo");
    using (var interrupted = new ConsoleInterruption())
        await new StorageCheck(settings.Cluster, TimeProvider.System, logger).WaitAsync(interrupted.Token);
    await app.RunAsync();
    return (int)ExitCode.Success;
}
catch (Exception e) when (e is SpecificationException or PluginException)
{
    return await FailAsync(ExitCode.InvalidInput, e.Message);
}
catch (DeviceClaimedException e)
{
    return await FailAsync(ExitCode.DeviceUnavailable, e.Message);
}
catch (StorageUnavailableException e)
{
    return await FailAsync(ExitCode.StorageUnavailable, e.Message);
}
catch (OperationCanceledException)
{
    return (int)ExitCode.Cancelled;
}

static async Task<int> FailAsync(ExitCode code, string message)
{
    await Console.Error.WriteLineAsync(message);
    return (int)code;
}
