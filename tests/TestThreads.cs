using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SpoActors.Tests;

/// <summary>
/// One intra-op thread in every test process: the tests' models are tiny, test classes run in parallel, and two OpenMP teams on two
/// cores wait for each other for seconds. libgomp reads its variables when it is loaded, so they are set before that, in the process's
/// own environment (.NET's is a copy).
/// </summary>
static class TestThreads
{
    [ModuleInitializer]
    internal static void UseOne()
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = setenv("OMP_NUM_THREADS", "1", 1);
        _ = setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int setenv(string name, string value, int overwrite);
}
