using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class AttentionKernelTests
{
    [Theory]
    [InlineData(AttentionKind.Auto, ScalarType.Float32, 256, false, AttentionKind.Fused)]
    [InlineData(AttentionKind.Auto, ScalarType.Float32, 256, true, AttentionKind.Plain)]
    [InlineData(AttentionKind.Auto, ScalarType.Float32, 1000, true, AttentionKind.Sliced)]
    [InlineData(AttentionKind.Auto, ScalarType.Float32, 4096, true, AttentionKind.Fused)]
    [InlineData(AttentionKind.Auto, ScalarType.BFloat16, 64, false, AttentionKind.Plain)]
    [InlineData(AttentionKind.Auto, ScalarType.BFloat16, 4096, false, AttentionKind.Sliced)]
    [InlineData(AttentionKind.Auto, ScalarType.Float16, 64, true, AttentionKind.Fused)]
    [InlineData(AttentionKind.Sliced, ScalarType.Float32, 64, true, AttentionKind.Sliced)]
    public void Resolve_WhenAuto_GoesByTypeSizeAndLibrary(AttentionKind kind, ScalarType dtype, int length, bool oneDnn, AttentionKind expected)
    {
        using var scope = NewDisposeScope();
        var tokens = zeros([2, length, 16], dtype);
        Assert.Equal(expected, AttentionKernel.Resolve(kind, tokens, tokens, heads: 8, oneDnn));
    }

    [Fact]
    public void Resolve_WhenTheHeadIsWide_IsInPartsAtAnyLength()
    {
        using var scope = NewDisposeScope();
        var tokens = zeros([1, 1024, 128]);
        Assert.Equal(AttentionKind.Plain, AttentionKernel.Resolve(AttentionKind.Auto, tokens, tokens, heads: 1, oneDnnMultiplies: true));
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public void Attend_WhenMasked_IsTheSameInPartsAndFused(bool causal, bool allowed, bool added)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (TinyUNet.Normal(1, 2, 6, 8), TinyUNet.Normal(2, 2, 6, 8), TinyUNet.Normal(3, 2, 6, 8));
        var mask = allowed ? ones(6, 6, ScalarType.Bool).tril(1) : added ? TinyUNet.Normal(4, 2, 1, 1, 6) : null;
        var fused = AttentionKernel.Attend(q, k, v, heads: 2, AttentionKind.Fused, mask: mask, causal: causal);
        var parts = AttentionKernel.Attend(q, k, v, heads: 2, AttentionKind.Plain, mask: mask, causal: causal);
        Assert.InRange(TinyUNet.Distance(fused, parts), 0, 1e-6);
        Assert.NotInRange(TinyUNet.Distance(fused, AttentionKernel.Attend(q, k, v, heads: 2, AttentionKind.Plain)), 0, 1e-2);
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
