using System.Globalization;

namespace SpoActors.Trainer.Devices;

/// <summary>Memory of this process and machine, as Linux counts it.</summary>
public static class HostMemory
{
    /// <summary>Most resident memory this process ever had (VmHWM), bytes; 0 where the system does not say.</summary>
    public static long Peak() => Field("/proc/self/status", "VmHWM:");

    /// <summary>Resident memory of this process now (VmRSS), bytes.</summary>
    public static long Resident() => Field("/proc/self/status", "VmRSS:");

    /// <summary>Memory that could be used without swapping, bytes.</summary>
    public static long Available() => Field("/proc/meminfo", "MemAvailable:");

    /// <summary>Memory of the machine, bytes.</summary>
    public static long Total() => Field("/proc/meminfo", "MemTotal:");

    static long Field(string file, string name)
    {
        const int bytesPerKibibyte = 1024;
        if (!File.Exists(file)) return 0;
#pragma warning disable RS0030 // A file of the system.
        var line = File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
#pragma warning restore RS0030
        var number = line?[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * bytesPerKibibyte : 0;
    }
}
