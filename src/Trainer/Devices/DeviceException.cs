namespace SpoActors.Trainer.Devices;

/// <summary>A device that has no such name, or that this machine lacks; the message says what there is.</summary>
public sealed class DeviceException(string message) : Exception(message);
