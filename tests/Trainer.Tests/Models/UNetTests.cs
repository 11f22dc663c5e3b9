using SpoActors.Specification;
using SpoActors.Trainer.Models.UNet;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models;

public sealed class UNetTests
{
    [Theory]
    [InlineData(AttentionKind.Fused)]
    [InlineData(AttentionKind.Plain)]
    [InlineData(AttentionKind.Sliced)]
    public void UNet_WhateverTheAttentionKind_PredictsTheSame(AttentionKind kind)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var expected = TinyUNet.Run(model);

        model.Attention = kind;

        Assert.InRange(TinyUNet.Distance(TinyUNet.Run(model), expected), 0, 1e-5);
    }

    [Fact]
    public void UNet_WhenSidesDoNotHalveEvenly_KeepsTheirSize()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var output = TinyUNet.Run(TinyUNet.Create(), TinyUNet.Sample(7, 9));
        Assert.Equal([2, 4, 7, 9], output.shape);
    }

    [Fact]
    public void UNet_WhenTimestepIsAScalar_TakesItForAllRows()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var both = model.call(TinyUNet.Sample(), tensor(new long[] { 501, 501 }), TinyUNet.Text);
        Assert.True(TinyUNet.SameBits(model.call(TinyUNet.Sample(), tensor(501L), TinyUNet.Text), both));
    }

    [Fact]
    public void UNet_WhenBfloat16_IsCloseToFloat32()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = TinyUNet.Create();
        var expected = TinyUNet.Run(model);

        model.to(ScalarType.BFloat16);
        var text = new UNetConditioning(TinyUNet.Text.EncoderHiddenStates.to_type(ScalarType.BFloat16));
        var actual = model.call(TinyUNet.Sample().to_type(ScalarType.BFloat16), TinyUNet.Timesteps, text);

        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.InRange(TinyUNet.Distance(actual, expected), 0, 0.05);
    }

    [Fact]
    public void UNet_WhenXlConditioningIsMissing_SaysWhatToGive()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var error = Assert.Throws<ArgumentException>(() => TinyUNet.Run(TinyUNet.Create(TinyUNet.Xl)));
        Assert.Contains("TextEmbeds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UNet_WhenOnMeta_AllocatesNothingAndHasAllKeys()
    {
        using var scope = NewDisposeScope();
        var model = new UNet2DCondition(TinyUNet.Xl, META);
        Assert.All(model.parameters(), p => Assert.Equal(DeviceType.META, p.device_type));
        Assert.Equal(TinyUNet.Create(TinyUNet.Xl).state_dict().Keys, model.state_dict().Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UNet_WhenRun_LeavesOnlyItsResultInTheCallersScope(bool gradients)
    {
        using var outer = NewDisposeScope();
        var model = TinyUNet.Create();
        var (sample, steps, text) = (TinyUNet.Sample().requires_grad_(gradients), TinyUNet.Timesteps, TinyUNet.Text);
        using var scope = NewDisposeScope();
        using var output = model.call(sample, steps, text);
        Assert.Equal(1, scope.DisposablesCount);
    }
}
