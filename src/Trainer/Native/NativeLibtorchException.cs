namespace SpoActors.Trainer.Native;

/// <summary>libtorch could not be loaded; <c>spo doctor</c> shows the same reason.</summary>
public sealed class NativeLibtorchException(string reason) : Exception($"libtorch could not be loaded: {reason}");
