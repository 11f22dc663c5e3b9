using System.Runtime.InteropServices;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>What TorchSharp throws when libtorch has thrown.</summary>
public sealed class LibtorchError(string message) : ExternalException(message);
