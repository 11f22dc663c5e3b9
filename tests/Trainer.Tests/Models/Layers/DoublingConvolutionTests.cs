using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class DoublingConvolutionTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 8)]
    public void Forward_WhenTheImageIsDoubled_EqualsEnlargingAndConvolving(int height, int width)
    {
        using var scope = NewDisposeScope();
        var (plain, layer) = Pair(ScalarType.Float32);
        var image = TinyUNet.Normal(1, 2, 16, height, width);
        var expected = plain.call(image, null);
        var actual = layer.call(Lie(image), null);
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange(TinyUNet.Distance(expected, actual), 0, 1e-5);
    }

    [Fact]
    public void Forward_WhenTheImageIsDoubled_KeepsTheLayout()
    {
        using var scope = NewDisposeScope();
        Assert.True(ChannelsLast.Is(Pair(ScalarType.Float32).ChannelsLast.call(Lie(TinyUNet.Normal(1, 2, 16, 3, 4)), null)));
    }

    [Fact]
    public void Forward_WhenWeightsAreReplaced_UsesTheNewOnes()
    {
        using var scope = NewDisposeScope();
        var (_, layer) = Pair(ScalarType.Float32);
        var image = Lie(TinyUNet.Normal(1, 2, 16, 4, 4));
        var before = layer.call(image, null);
        var convolution = layer.modules().OfType<Convolution2d>().Single();
        convolution.weight = new TorchSharp.Modules.Parameter(convolution.weight * 2, requires_grad: false);
        convolution.bias = new TorchSharp.Modules.Parameter(convolution.bias! * 2, requires_grad: false);
        Assert.InRange(TinyUNet.Distance(before * 2, layer.call(image, null)), 0, 1e-5);
    }

    [Fact]
    public void Suits_WhenSumsOfWeightsWouldBeRounded_IsFalse()
    {
        using var scope = NewDisposeScope();
        var (_, layer) = Pair(ScalarType.BFloat16);
        var weight = layer.modules().OfType<Convolution2d>().Single().weight;
        Assert.False(DoublingConvolution.Suits(Lie(TinyUNet.Normal(1, 2, 16, 4, 4)).to_type(ScalarType.BFloat16), weight));
    }

    /// <summary>A layer, and one of the same weights that lies channels last.</summary>
    static (NearestUpsample Plain, NearestUpsample ChannelsLast) Pair(ScalarType type)
    {
        var (plain, layer) = (new NearestUpsample(16, CPU, type), new NearestUpsample(16, CPU, type));
        layer.load_state_dict(plain.state_dict());
        return (plain, ChannelsLast.Prepare(layer));
    }

    static Tensor Lie(Tensor image_BCHW) => image_BCHW.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
}
