using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Native;

namespace SpoActors.Client.Runs;

/// <summary>Finds out before anything is loaded whether a device is there.</summary>
static class DeviceCheck
{
    /// <returns>The device's name; what auto stands for.</returns>
    /// <exception cref="NativeLibtorchException">libtorch does not load.</exception>
    /// <exception cref="DeviceException">The device does not exist.</exception>
    public static string Ensure(string device)
    {
        NativeLibtorch.EnsureLoaded();
        TorchNames.ParseDevice(device);
        return TorchNames.Resolve(device);
    }
}
