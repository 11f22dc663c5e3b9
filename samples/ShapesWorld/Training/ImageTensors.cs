using SpoActors.ShapesWorld.World;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>Between rows of RGB bytes and what a model sees, float32 in -1 .. 1.</summary>
public static class ImageTensors
{
    const int Size = Scene.Size;

    /// <summary>[B, 3, 64, 64] of images that lie one after the other.</summary>
    public static Tensor FromBytes(IReadOnlyList<byte[]> images)
    {
        var values = new float[images.Count * 3 * Size * Size];
        for (var b = 0; b < images.Count; b++) CopyCrop(images[b], values.AsSpan(b * 3 * Size * Size), (0, 0), Size);
        return tensor(values, [images.Count, 3, Size, Size]);
    }

    /// <summary>Clamped and rounded to bytes, one array of rows of RGB for each image of [B, 3, 64, 64].</summary>
    public static IReadOnlyList<byte[]> ToBytes(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        var bytes = ((images_BCHW.clamp(-1, 1) + 1) * 127.5).round().to_type(ScalarType.Byte).permute(0, 2, 3, 1).contiguous().cpu();
        return [.. Enumerable.Range(0, (int)bytes.shape[0]).Select(b => bytes[b].contiguous().data<byte>().ToArray())];
    }

    internal static void CopyCrop(ReadOnlySpan<byte> image, Span<float> planes, (int Top, int Left) corner, int size)
    {
        for (var y = 0; y < size; y++)
            for (var x = 0; x < size; x++)
            {
                var at = ((corner.Top + y) * Size + corner.Left + x) * 3;
                for (var c = 0; c < 3; c++) planes[(c * size + y) * size + x] = image[at + c] / 127.5f - 1;
            }
    }
}
