using SpoActors.Trainer.Native;
using TorchSharp;

namespace SpoActors.Trainer.Tests.Native;

public sealed class NativeLibtorchTests
{
    [Fact]
    public void NativeLibtorch_WhenLoaded_MapsExactlyOneLibtorch()
    {
        Assert.Null(NativeLibtorch.Report.Failure);
        using var product = torch.ones(2, 3).matmul(torch.ones(3, 2));
        Assert.Equal(3f, product[0, 0].item<float>());

        var mapped = File.ReadLines("/proc/self/maps")
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(parts => parts.Length > 5 && parts[5].EndsWith("libtorch_cpu.so", StringComparison.Ordinal))
            .Select(parts => parts[5]).Distinct();
        Assert.Single(mapped);
    }
}
