using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Native;

public sealed class MatrixProductsTests
{
    /// <summary>bfloat16 would round 1 + 2^-12 to 1, TF32 too.</summary>
    [Theory]
    [InlineData(4)]
    [InlineData(256)]
    public void Products_WhateverLibraryComputesThem_AreFloat32(int size)
    {
        using var scope = NewDisposeScope();
        var a = full([size, size], 1 + 1.0 / 4096);
        var product = a.mm(eye(size));
        var batched = a.unsqueeze(0).bmm(eye(size).unsqueeze(0));
        var layer = nn.functional.linear(a, eye(size));
        Assert.All((Tensor[])[product, batched.squeeze(0), layer], result => Assert.Equal(0, (result - a).abs().max().item<float>()));
    }
}
