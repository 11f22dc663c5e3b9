using System.Buffers.Binary;
using System.Text.Json;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

/// <summary>A safetensors file of real size that takes no space: a header, and a hole where the weights would be.</summary>
static class SparseCheckpoint
{
    const int HalfSize = 2;

    public static string Write(string path, IReadOnlyDictionary<string, long[]> shapes)
    {
        var (entries, end) = (new Dictionary<string, object>(), 0L);
        foreach (var (key, shape) in shapes)
        {
            var start = end;
            end += HalfSize * shape.Aggregate(1L, (a, b) => a * b);
            entries[key] = new { dtype = "F16", shape, data_offsets = new[] { start, end } };
        }
        var header = JsonSerializer.SerializeToUtf8Bytes(entries);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        using var file = File.Create(path);
        file.Write(length);
        file.Write(header);
        file.SetLength(length.Length + header.Length + end);
        return path;
    }
}
