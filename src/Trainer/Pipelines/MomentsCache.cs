using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// Encoded images on the disk, a safetensors file each, by a key that says everything they depend on. Several processes and runs may share a
/// folder; an entry that is short or damaged is made again.
/// </summary>
/// <param name="folder">Made when the first entry is.</param>
public sealed class MomentsCache(string folder)
{
    const string Moments = "moments", Digest = "sha256", Key = "key", DefaultFolder = ".latents";

    /// <summary>The cache that a run names, or the one that all runs of its output folder share.</summary>
    public static MomentsCache Of(RunSpecification run) => new(run.Data.Cache ?? Path.Combine(run.Output, DefaultFolder));

    /// <summary>Entries found so far, and entries made.</summary>
    public (int Hits, int Misses) Counts { get; private set; }

    /// <summary>The entry of a key, bit for bit what <paramref name="make"/> gave when it was made.</summary>
    /// <param name="key">Everything that the moments depend on, as text.</param>
    /// <param name="make">Makes them: any shape, any type, on the CPU.</param>
    /// <exception cref="IOException">The entry cannot be written.</exception>
    public Tensor GetOrMake(string key, Func<Tensor> make)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        var path = Path.Combine(folder, name[..2], name + ".safetensors");
        if (Read(path, key) is { } cached)
        {
            Counts = (Counts.Hits + 1, Counts.Misses);
            return cached;
        }
        Counts = (Counts.Hits, Counts.Misses + 1);
        var made = make();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream,
                new Dictionary<string, Tensor> { [Moments] = made }, new Dictionary<string, string> { [Key] = key, [Digest] = DigestOf(made) }));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"An encoded image cannot be written to '{folder}': {e.Message.TrimEnd('.')}. Name a folder with room as data.cache.", e);
        }
        return made;
    }

    static Tensor? Read(string path, string key)
    {
        if (!File.Exists(path)) return null;
        try
        {
            using var scope = NewDisposeScope();
            using var file = SafetensorsFile.Open(path);
            if (!file.Tensors.ContainsKey(Moments) || file.Metadata.GetValueOrDefault(Key) != key) return null;
            var moments = file.Load(Moments).clone();
            return file.Metadata.GetValueOrDefault(Digest) == DigestOf(moments) ? moments.MoveToOuterDisposeScope() : null;
        }
        catch (Exception e) when (e is CheckpointException or IOException)
        {
            return null;
        }
    }

    static string DigestOf(Tensor moments)
    {
        using var scope = NewDisposeScope();
        return Convert.ToHexStringLower(SHA256.HashData(moments.contiguous().bytes));
    }
}
