namespace SpoActors.Silo.Hosting;

/// <summary>
/// Holds this machine's devices for this silo: two silos on one device would halve its memory and confuse its account. A file lock each,
/// which the system releases however the process ends.
/// </summary>
public sealed class DeviceClaims : IDisposable
{
    readonly List<FileStream> held = [];

    /// <exception cref="DeviceClaimedException">Another process holds one of them.</exception>
    public DeviceClaims(IEnumerable<string> devices)
    {
        foreach (var device in devices)
        {
            var what = $"device-{device}";
            try
            {
                held.Add(MachineLock.Hold(what));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Dispose();
                throw new DeviceClaimedException($"devices: {device} belongs to another silo on this machine (lock file {MachineLock.PathOf(what)}); give this silo another device, or stop the other", e);
            }
        }
    }

    public void Dispose()
    {
        foreach (var file in held) file.Dispose();
        held.Clear();
    }
}

/// <summary>A device belongs to another silo of this machine.</summary>
public sealed class DeviceClaimedException : Exception
{
    public DeviceClaimedException(string message) : base(message) { }

    public DeviceClaimedException(string message, Exception inner) : base(message, inner) { }

    public DeviceClaimedException() { }
}
