using SpoActors.ShapesWorld.World;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>
/// Scenes of the training side with their images; each is drawn when it is first asked for and kept. What an index holds depends on the
/// seed alone, so a resumed run sees the same data.
/// </summary>
public sealed class ShapesDataset(ulong seed, int count) : IDisposable
{
    const int ImageBytes = Scene.Size * Scene.Size * 3;

    readonly SceneRenderer renderer = new();
    readonly Scene?[] scenes = new Scene?[count];
    readonly byte[][] images = new byte[count][];

    public ulong Seed => seed;

    public int Count => count;

    public Scene SceneAt(int index)
    {
        Draw(index);
        return scenes[index]!;
    }

    /// <summary>Rows of RGB bytes.</summary>
    public ReadOnlySpan<byte> ImageAt(int index)
    {
        Draw(index);
        return images[index];
    }

    /// <summary>Whole images as a model sees them: float32 in -1 .. 1, [B, 3, 64, 64].</summary>
    public Tensor Batch(IReadOnlyList<int> indices) => Crops(indices, [.. indices.Select(_ => (0, 0))], Scene.Size);

    /// <summary>A square of each image, [B, 3, size, size].</summary>
    public Tensor Crops(IReadOnlyList<int> indices, IReadOnlyList<(int Top, int Left)> corners, int size)
    {
        var values = new float[indices.Count * 3 * size * size];
        for (var b = 0; b < indices.Count; b++)
            ImageTensors.CopyCrop(ImageAt(indices[b]), values.AsSpan(b * 3 * size * size), corners[b], size);
        return tensor(values, [indices.Count, 3, size, size]);
    }

    /// <summary>Indices of one training step: a fresh random subset, the same whenever the step is run.</summary>
    public int[] Draw(int step, int batch)
    {
        var random = new SceneRandom(seed, WorldDraw.Order, (uint)step);
        var indices = new int[batch];
        foreach (ref var index in indices.AsSpan()) index = random.Below(count);
        return indices;
    }

    public void Dispose() => renderer.Dispose();

    void Draw(int index)
    {
        if (scenes[index] is not null) return;
        scenes[index] = SceneGenerator.Training(seed, (uint)index);
        images[index] = new byte[ImageBytes];
        renderer.Render(scenes[index]!, images[index]);
    }
}
