using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class AttentionKernelTests
{
    [Theory]
    [InlineData(AttentionKind.Auto, ScalarType.Float32, 4096, AttentionKind.Fused)]
    [InlineData(AttentionKind.Auto, ScalarType.BFloat16, 64, AttentionKind.Plain)]
    [InlineData(AttentionKind.Auto, ScalarType.BFloat16, 4096, AttentionKind.Sliced)]
    [InlineData(AttentionKind.Sliced, ScalarType.Float32, 64, AttentionKind.Sliced)]
    public void Resolve_WhenAuto_GoesByTypeAndSize(AttentionKind kind, ScalarType dtype, int length, AttentionKind expected)
    {
        using var scope = NewDisposeScope();
        var tokens = zeros([2, length, 16], dtype);
        Assert.Equal(expected, AttentionKernel.Resolve(kind, tokens, tokens, heads: 8));
    }

    [Theory]
    [InlineData(AttentionKind.Fused)]
    [InlineData(AttentionKind.Plain)]
    [InlineData(AttentionKind.Sliced)]
    public void Attend_WhenUpcast_KeepsTheTypeAndIsCloseToFloat32(AttentionKind kind)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (TinyUNet.Normal(1, 2, 6, 8), TinyUNet.Normal(2, 2, 5, 8), TinyUNet.Normal(3, 2, 5, 8));
        var expected = AttentionKernel.Attend(q, k, v, heads: 2, AttentionKind.Plain);
        var actual = AttentionKernel.Attend(
            q.to_type(ScalarType.BFloat16), k.to_type(ScalarType.BFloat16), v.to_type(ScalarType.BFloat16), heads: 2, kind, upcast: true);
        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.InRange(TinyUNet.Distance(expected, actual), 0, 0.03);
    }
}
