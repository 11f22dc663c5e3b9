using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using SpoActors.Grains.Interfaces;
using SpoActors.Silo.Hosting;
using SpoActors.Silo.Settings;
using SpoActors.Silo.Storage;
using SpoActors.Specification;

if (args is not ["--config", var path])
{
    await Console.Error.WriteLineAsync("usage: SpoActors.Silo --config config/silo.yaml");
    return 2;
}
try
{
    var settings = SiloSettingsFile.Read(path);
    using var devices = new DeviceClaims(settings.Devices);
    await using var app = SiloApplication.Build(settings);
    var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("SpoActors.Silo");
    using var interrupted = new ConsoleInterruption();
    await new StorageCheck(settings.Cluster, TimeProvider.System, logger).WaitAsync(interrupted.Token);
    interrupted.Dispose();
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is SpecificationException or PipelineException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return e is SpecificationException ? 2 : 1;
}
catch (OperationCanceledException)
{
    return 130;
}
