using SpoActors.Specification;

namespace SpoActors.Grains.Interfaces.Payloads;

/// <summary>A tensor as it travels: its number type, shape and little-endian bytes in row-major order.</summary>
[GenerateSerializer, Immutable, Alias("spo.TensorPayload")]
public sealed record TensorPayload
{
    /// <summary>Most bytes of one payload; a message far above it would kill its connection.</summary>
    public const int MaxBytes = 8 << 20;

    /// <exception cref="ArgumentException">There are more bytes than the limit, or not as many as the shape says.</exception>
    public TensorPayload(NumberType type, IReadOnlyList<long> shape, byte[] bytes)
    {
        var size = shape.Aggregate(1L, (product, extent) => product * extent) * (type == NumberType.Float32 ? 4 : 2);
        if (size != bytes.Length)
            throw new ArgumentException($"a {type} tensor of shape [{string.Join(", ", shape)}] has {size} bytes, but there are {bytes.Length}", nameof(bytes));
        if (bytes.Length > MaxBytes)
            throw new ArgumentException(
                $"a tensor of shape [{string.Join(", ", shape)}] has {bytes.Length} bytes; a payload holds at most {MaxBytes}. " +
                "Lower sampling.batch_size or sampling.candidates.", nameof(bytes));
        (Type, Shape, Bytes) = (type, shape, bytes);
    }

    [Id(0)]
    public NumberType Type { get; }

    [Id(1)]
    public IReadOnlyList<long> Shape { get; }

    [Id(2)]
    public byte[] Bytes { get; }
}
