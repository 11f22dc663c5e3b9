using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification;

namespace SpoActors.Grains.Tests.Payloads;

public sealed class TensorPayloadTests
{
    [Fact]
    public void Payload_AtTheLimit_IsTaken() =>
        Assert.Equal(TensorPayload.MaxBytes, new TensorPayload(NumberType.Float32, [TensorPayload.MaxBytes / 4], new byte[TensorPayload.MaxBytes]).Bytes.Length);

    [Fact]
    public void Payload_AboveTheLimit_IsRefusedWithTheFix()
    {
        var error = Assert.Throws<ArgumentException>(() => new TensorPayload(NumberType.Float32, [TensorPayload.MaxBytes / 4 + 1], new byte[TensorPayload.MaxBytes + 4]));
        Assert.Contains("has 8388612 bytes; a payload holds at most 8388608. Lower sampling.batch_size or sampling.candidates.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Payload_WhenBytesAndShapeDisagree_IsRefused()
    {
        var error = Assert.Throws<ArgumentException>(() => new TensorPayload(NumberType.BFloat16, [2, 3], new byte[24]));
        Assert.Contains("of shape [2, 3] has 12 bytes, but there are 24", error.Message, StringComparison.Ordinal);
    }
}
