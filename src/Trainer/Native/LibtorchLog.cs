using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Native;

/// <summary>What libtorch writes to stderr.</summary>
static class LibtorchLog
{
    /// <summary>A variable that libc10 exports.</summary>
    const string Level = "FLAGS_caffe2_log_level";

    /// <summary>Who sets this variable, which libtorch reads while it is loaded, has chosen.</summary>
    const string LevelVariable = "TORCH_CPP_LOG_LEVEL";

    const int Errors = 2;

    /// <summary>
    /// Silences warnings, above all NNPACK's, which on processors that it does not know says so at each convolution of a small image, in the middle
    /// of the progress bars.
    /// </summary>
    /// <param name="c10">Handle of libc10.</param>
    public static void OnlyErrors(nint c10)
    {
        if (Environment.GetEnvironmentVariable(LevelVariable) is null && NativeLibrary.TryGetExport(c10, Level, out var level)) Marshal.WriteInt32(level, Errors);
    }
}
