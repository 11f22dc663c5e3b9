using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Devices;

/// <summary>Tells the errors by which a device says that it is itself at fault from those of what it computes.</summary>
public static class DeviceFault
{
    // libtorch has one type of exception for everything; its own words are all there is to go by.
    static readonly string[] Signs = ["out of memory", "can't allocate memory", "CUDA error", "CUDA driver", "cuDNN error", "CUDNN_STATUS", "CUBLAS_STATUS", "CUSOLVER_STATUS", "device-side assert"];

    /// <summary>Whether another device, or this one at another time, may well do what failed here.</summary>
    public static bool Is(Exception error) =>
        error is OutOfMemoryException or SEHException
        || (error is ExternalException && Signs.Any(sign => error.Message.Contains(sign, StringComparison.OrdinalIgnoreCase)))
        || (error.InnerException is { } inner && Is(inner));
}
