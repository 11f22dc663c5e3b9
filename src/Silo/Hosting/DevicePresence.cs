using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Native;

namespace SpoActors.Silo.Hosting;

/// <summary>Whether this machine has the devices that a silo shall own.</summary>
static class DevicePresence
{
    /// <exception cref="DeviceException">It lacks some; all are named.</exception>
    /// <exception cref="NativeLibtorchException">libtorch does not load.</exception>
    public static void Ensure(IEnumerable<string> devices)
    {
        // A CPU is always there; libtorch need not be loaded to know.
        var others = devices.Where(d => !d.StartsWith("cpu:", StringComparison.Ordinal)).ToArray();
        if (others.Length == 0) return;
        NativeLibtorch.EnsureLoaded();
        var faults = others.Select(Fault).OfType<string>().ToArray();
        if (faults.Length > 0) throw new DeviceException($"devices: {string.Join("; ", faults)}");
    }

    static string? Fault(string device)
    {
        try
        {
            TorchNames.ParseDevice(device);
            return null;
        }
        catch (DeviceException e)
        {
            return e.Message;
        }
    }
}
