using System.Diagnostics;
using System.Reflection;
using TorchSharp;

namespace SpoActors.Trainer.Tests.Native;

public sealed class TorchSharpKeepAliveTests
{
    // In optimised wrappers a temporary Scalar can be freed while native code reads it: see eng/TorchSharpKeepAlive.targets.
    [Fact]
    public void TorchSharp_AsItIsShipped_IsNotOptimisedByTheJit()
    {
        var attribute = typeof(torch).Assembly.GetCustomAttribute<DebuggableAttribute>();
        Assert.True(attribute is { IsJITOptimizerDisabled: true, IsJITTrackingEnabled: true }, $"{typeof(torch).Assembly.Location}: {attribute?.DebuggingFlags}");
    }
}
