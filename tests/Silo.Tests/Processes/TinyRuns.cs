using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Tools.Chaos;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Runs;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>config/tiny.yaml with small rounds, and what it must end with.</summary>
static class TinyRuns
{
    static readonly string Root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "../../.."));
    static readonly ConcurrentDictionary<int, Task<RunManifest>> Expected = [];

    public static RunSpecification Of(int rounds, params string[] overrides) => SpecificationFile.Load(
        PathOf("config/tiny.yaml"), [.. SmallRun.Overrides, string.Create(CultureInfo.InvariantCulture, $"training.rounds={rounds}"), .. overrides]);

    /// <summary>The end of the run of so many rounds by the sequential loop; computed once.</summary>
    public static Task<RunManifest> SequentialAsync(int rounds) => Expected.GetOrAdd(rounds, async count =>
    {
        await using var executor = new DeviceExecutor("reference");
        return await executor.RunAsync(() => SmallRun.Sequential(Of(count)), CancellationToken.None);
    });

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    static string Here([CallerFilePath] string path = "") => path;
}
