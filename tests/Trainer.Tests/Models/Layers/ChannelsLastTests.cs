using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class ChannelsLastTests
{
    [Fact]
    public void Prepare_WhenWeightsAreLaidOut_TheResultFollowsAndIsTheSame()
    {
        using var scope = NewDisposeScope();
        var layer = new StridedDownsample(16, 1, CPU, ScalarType.Float32);
        var image = TinyUNet.Normal(1, 2, 16, 6, 7);
        var expected = layer.call(image);
        ChannelsLast.Prepare(layer);
        var actual = layer.call(image);
        Assert.True(ChannelsLast.Is(actual));
        Assert.InRange(TinyUNet.Distance(expected, actual), 0, 1e-5);
    }

    [Fact]
    public void Conv2d_WhenOutputsAreFilledUp_KeepsTheLayout()
    {
        using var scope = NewDisposeScope();
        var image = TinyUNet.Normal(1, 2, 16, 6, 7).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2).requires_grad_(true);
        Assert.True(ChannelsLast.Is(Convolutions.Padded(image, TinyUNet.Normal(2, 24, 16, 3, 3), null, [1, 1], [1, 1])));
    }
}
