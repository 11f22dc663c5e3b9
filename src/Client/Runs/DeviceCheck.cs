using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Native;

namespace SpoActors.Client.Runs;

/// <summary>Finds out before anything is loaded whether a device is there.</summary>
static class DeviceCheck
{
    /// <exception cref="NativeLibtorchException">libtorch does not load.</exception>
    /// <exception cref="DeviceException">The device does not exist.</exception>
    public static void EnsureExists(string device)
    {
        NativeLibtorch.EnsureLoaded();
        TorchNames.ParseDevice(device);
    }
}
