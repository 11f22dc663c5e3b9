using SpoActors.Trainer.Native;
using TorchSharp;

namespace SpoActors.Trainer.Tests.Native;

public sealed class ScalarLifetimeTests
{
    [Fact]
    public void Arithmetic_WhileAnotherThreadCollectsGarbage_NeverReadsAFreedScalar()
    {
        Assert.True(NativeLibtorch.Report.ScalarsKeptAlive);
        using var stop = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!stop.IsCancellationRequested) GC.Collect(0);
        });
        collector.Start();
        try
        {
            using var one = torch.ones(4);
            // Without the fix some of these calls throw or are wrong.
            for (int i = 0; i < 30_000; i++)
            {
                using var scope = torch.NewDisposeScope();
                var six = one * 2.5 + one * 3.5;
                Assert.Equal(6f, six[0].item<float>());
            }
        }
        finally
        {
            stop.Cancel();
            collector.Join();
        }
    }
}
