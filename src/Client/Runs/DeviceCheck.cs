using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Native;

namespace SpoActors.Client.Runs;

/// <summary>Finds out before anything is loaded whether a device is there.</summary>
static class DeviceCheck
{
    /// <exception cref="ClientException">libtorch does not load, or the device does not exist.</exception>
    public static void EnsureExists(string device)
    {
        try
        {
            NativeLibtorch.EnsureLoaded();
            TorchNames.ParseDevice(device);
        }
        catch (Exception e) when (e is NativeLibtorchException or ArgumentException)
        {
            throw new ClientException(ExitCode.DeviceUnavailable, e.Message);
        }
    }
}
