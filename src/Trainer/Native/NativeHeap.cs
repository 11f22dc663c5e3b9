using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Tells glibc to keep freed memory. By default it returns every large block to the system at once, so each large temporary of a
/// forward pass is paged in anew: a 32 MB multiplication takes 9 to 54 ms instead of 1.2.
/// </summary>
static class NativeHeap
{
    const int TrimThreshold = -1, MmapThreshold = -3;

    // The largest values of glibc's tunables; a threshold over 32 MB was refused by older versions.
    const int Largest = 1 << 30, LargestOfOld = 1 << 25;

    public static void KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux()) return;
        try
        {
            if (mallopt(MmapThreshold, Largest) == 0) _ = mallopt(MmapThreshold, LargestOfOld);
            _ = mallopt(TrimThreshold, Largest);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc (musl): nothing to set.
        }
    }

    [DllImport("libc")]
    static extern int mallopt(int parameter, int value);
}
