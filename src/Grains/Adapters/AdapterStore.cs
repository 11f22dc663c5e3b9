using System.Globalization;
using System.Security.Cryptography;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Adapters;

/// <summary>Adapter versions as files named by version and content: <c>v000012-&lt;sha256&gt;.safetensors</c>.</summary>
/// <param name="folder">Created when needed.</param>
public sealed class AdapterStore(string folder)
{
    /// <summary>Stores a version, replacing another content of the same version. Idempotent.</summary>
    public AdapterReference Put(int version, byte[] content)
    {
        var reference = new AdapterReference(version, Convert.ToHexStringLower(SHA256.HashData(content)), content.Length);
        Directory.CreateDirectory(folder);
        if (!File.Exists(PathOf(reference))) AtomicFile.Write(PathOf(reference), content);
        foreach (var other in Directory.GetFiles(folder, Prefix(version) + "*.safetensors").Where(f => f != PathOf(reference))) File.Delete(other);
        return reference;
    }

    /// <summary>The versions from one on, by version.</summary>
    public IReadOnlyList<AdapterReference> List(int fromVersion)
    {
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, "v*-*.safetensors").Select(Parse).Where(r => r.Version >= fromVersion).OrderBy(r => r.Version)];
    }

    /// <summary>The content of an adapter, checked; null if it is not here.</summary>
    public byte[]? TryRead(AdapterReference reference)
    {
        if (!File.Exists(PathOf(reference))) return null;
        var content = File.ReadAllBytes(PathOf(reference));
        return Convert.ToHexStringLower(SHA256.HashData(content)) == reference.Hash ? content : null;
    }

    /// <summary>Part of a file, of at most <see cref="TensorPayload.MaxBytes"/>.</summary>
    /// <exception cref="PipelineException">It is not here.</exception>
    public byte[] ReadChunk(string hash, long offset)
    {
        var known = List(0).FirstOrDefault(r => r.Hash == hash) ?? throw new PipelineException($"adapter {hash} is not held here; ask the run for the current one");
        using var file = File.OpenRead(PathOf(known));
        file.Position = offset;
        var chunk = new byte[Math.Clamp(file.Length - offset, 0, TensorPayload.MaxBytes)];
        file.ReadExactly(chunk);
        return chunk;
    }

    /// <summary>Removes the versions before one.</summary>
    public void Prune(int beforeVersion)
    {
        foreach (var old in List(0).Where(r => r.Version < beforeVersion)) File.Delete(PathOf(old));
    }

    static string Prefix(int version) => string.Create(CultureInfo.InvariantCulture, $"v{version:d6}-");

    string PathOf(AdapterReference r) => Path.Combine(folder, $"{Prefix(r.Version)}{r.Hash}.safetensors");

    static AdapterReference Parse(string path)
    {
        var parts = Path.GetFileNameWithoutExtension(path).Split('-', 2);
        return new AdapterReference(int.Parse(parts[0].AsSpan(1), CultureInfo.InvariantCulture), parts[1], new FileInfo(path).Length);
    }
}
