namespace SpoActors.Silo.Hosting;

/// <summary>A file lock among the silos of a machine, which the system releases however the process ends.</summary>
static class MachineLock
{
    public static string PathOf(string what) => Path.Combine(Path.GetTempPath(), $"spo-{what.Replace(':', '-')}.lock");

    /// <exception cref="IOException">Another process holds it.</exception>
    /// <exception cref="UnauthorizedAccessException">It is another user's.</exception>
    public static FileStream Hold(string what) => new(PathOf(what), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
}
