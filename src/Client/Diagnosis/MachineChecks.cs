using System.Globalization;
using SpoActors.Trainer.Devices;
using static TorchSharp.torch;

namespace SpoActors.Client.Diagnosis;

/// <summary>Looks at processor, memory, threads and disk.</summary>
static class MachineChecks
{
    /// <summary>Host memory that Stable Diffusion 1.5 in bfloat16 at 512 x 512 needs at most.</summary>
    const long MemoryForSd15 = 8L << 30;

    const long DiskForRun = 1L << 30;

    /// <param name="output">Folder that runs are written to, or its nearest existing parent's.</param>
    /// <param name="torchLoaded">Whether libtorch may be asked.</param>
    public static IEnumerable<Finding> Run(string output, bool torchLoaded)
    {
        yield return Processor();
        if (torchLoaded) yield return new Finding("threads", FindingStatus.Ok, $"{get_num_threads()} of {Environment.ProcessorCount} cores; model.threads sets another number");
        yield return Memory();
        yield return Disk(output);
    }

    static Finding Processor()
    {
        var flags = File.Exists("/proc/cpuinfo")
#pragma warning disable RS0030 // A file of the system.
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("flags", StringComparison.Ordinal))?.Split(' ').ToHashSet() ?? []
#pragma warning restore RS0030
            : [];
        var fast = flags.Contains("amx_bf16") ? "AMX" : flags.Contains("avx512_bf16") ? "AVX-512" : null;
        return new Finding("processor", FindingStatus.Ok, fast is null
            ? "no bfloat16 instructions: dtype: bfloat16 halves memory, but is slower than float32"
            : $"bfloat16 instructions ({fast}): dtype: bfloat16 is faster than float32");
    }

    static Finding Memory()
    {
        var (available, total) = (HostMemory.Available(), HostMemory.Total());
        var message = $"{Gibibytes(available)} of {Gibibytes(total)} available";
        return available is 0 or >= MemoryForSd15
            ? new Finding("memory", FindingStatus.Ok, message)
            : new Finding("memory", FindingStatus.Warning, message, "Stable Diffusion 1.5 in bfloat16 wants 8 GiB; close other programs, or use a smaller model.");
    }

    static Finding Disk(string output)
    {
        var folder = Path.GetFullPath(output);
        for (; !Directory.Exists(folder); folder = Path.GetDirectoryName(folder)!)
            if (Path.Exists(folder)) return new Finding("disk", FindingStatus.Warning, $"'{folder}' is no folder, so runs cannot be written to '{output}'", "Choose another --output.");
        var free = new DriveInfo(folder).AvailableFreeSpace;
        var message = $"{Gibibytes(free)} free at {folder}";
        return free >= DiskForRun ? new Finding("disk", FindingStatus.Ok, message) : new Finding("disk", FindingStatus.Warning, message, "Free some space, or choose another --output.");
    }

    static string Gibibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1L << 30):F1} GiB");
}
