using SpoActors.Trainer.Models.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class ComputeTypeTests
{
    [Theory]
    [InlineData(ScalarType.Float32, DeviceType.CPU, false, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, DeviceType.CPU, false, ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16, DeviceType.CPU, true, ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16, DeviceType.CPU, true, ScalarType.Float32)]
    [InlineData(ScalarType.Float16, DeviceType.CUDA, false, ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16, DeviceType.META, false, ScalarType.BFloat16)]
    public void Of_WithoutInstructionsForTheType_IsFloat32(ScalarType dtype, DeviceType device, bool hasBFloat16, ScalarType expected) =>
        Assert.Equal(expected, ComputeType.Of(dtype, device, hasBFloat16));

    [Theory]
    [InlineData(ScalarType.Float16)]
    [InlineData(ScalarType.BFloat16)]
    public void Layers_WhateverTheyComputeIn_KeepTheInputsType(ScalarType dtype)
    {
        using var scope = NewDisposeScope();
        TinyUNet.Create();
        var (linear, convolution) = (new AdaptableLinear(4, 6, dtype: dtype), new Convolution2d(3, 5, 3, padding: 1, dtype: dtype));
        Assert.Equal(dtype, linear.call(zeros([2, 4], dtype)).dtype);
        Assert.Equal(dtype, convolution.call(zeros([1, 3, 8, 8], dtype)).dtype);
    }
}
