using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>A run's adapter as bytes, for both loops: the same values give the same bytes.</summary>
public static class AdapterFile
{
    /// <summary>
    /// The file that a run leaves: diffusers' format with alpha folded in, so that every release of diffusers computes what was trained.
    /// </summary>
    public static void Write(Stream target, LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        LoraWeights.WriteDiffusers(target, adapter.Export());
    }

    /// <summary>
    /// What travels from the trainer to samplers: the factors as they are trained, bit by bit, and their alpha. Where alpha is the rank,
    /// that is the file's own content; else kohya's format, because folding rounds and its way back would too.
    /// </summary>
    public static byte[] Exact(LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        using var buffer = new MemoryStream();
        var factors = adapter.Export();
        if (factors.Values.All(f => f.Alpha == f.A.shape[0])) LoraWeights.WriteDiffusers(buffer, factors);
        else LoraWeights.WriteKohya(buffer, factors);
        return buffer.ToArray();
    }
}
