using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Has the threads of an OpenMP team sleep while they wait. By default they spin, which is fast on a machine of one's own, but with other
/// work beside it each operation waits for threads that spin in the others' place.
/// </summary>
static class ThreadWaiting
{
    /// <summary>GNU's runtime, which libtorch brings, and LLVM's and Intel's, which a Python installation may bring.</summary>
    static readonly (string Name, string Value)[] Settings = [("OMP_WAIT_POLICY", "passive"), ("GOMP_SPINCOUNT", "0"), ("KMP_BLOCKTIME", "0")];

    /// <summary>Sets what the runtimes read when they are loaded; who has set one of the variables has chosen.</summary>
    public static void Sleep()
    {
        if (!OperatingSystem.IsLinux() || Settings.Any(s => Environment.GetEnvironmentVariable(s.Name) is not null)) return;
        // .NET's own variables are a copy that native libraries do not see.
        foreach (var (name, value) in Settings) _ = setenv(name, value, 0);
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int setenv(string name, string value, int overwrite);
}
