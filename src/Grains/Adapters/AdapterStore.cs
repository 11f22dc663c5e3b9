using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Adapters;

/// <summary>Adapter versions as files named by version and content: <c>v000012-&lt;sha256&gt;.safetensors</c>.</summary>
/// <param name="folder">Created when needed.</param>
public sealed partial class AdapterStore(string folder)
{
    /// <summary>In the run's folder.</summary>
    public const string FolderName = "adapters";

    /// <summary>Stores a version, replacing another or a damaged content of the same version. Idempotent.</summary>
    public AdapterReference Put(int version, byte[] content)
    {
        var reference = new AdapterReference(version, Convert.ToHexStringLower(SHA256.HashData(content)), content.Length);
        Directory.CreateDirectory(folder);
        if (TryRead(reference) is null) AtomicFile.Write(PathOf(reference), content);
        foreach (var other in Directory.GetFiles(folder, Prefix(version) + "*.safetensors").Where(f => f != PathOf(reference))) File.Delete(other);
        return reference;
    }

    /// <summary>The versions from one on, by version.</summary>
    public IReadOnlyList<AdapterReference> List(int fromVersion)
    {
        if (!Directory.Exists(folder)) return [];
        return [.. Directory.GetFiles(folder, "v*-*.safetensors").Select(Parse).OfType<AdapterReference>().Where(r => r.Version >= fromVersion).OrderBy(r => r.Version)];
    }

    /// <summary>
    /// Removes what is not what its name says, as a failing disk or a copy in part leaves it: a sampler would ask for it again and again, and
    /// a version that can be had anew is stored again only if it is not there.
    /// </summary>
    public void RemoveDamaged()
    {
        foreach (var reference in List(0).Where(r => TryRead(r) is null)) File.Delete(PathOf(reference));
    }

    /// <summary>The content of an adapter, checked; null if it is not here.</summary>
    public byte[]? TryRead(AdapterReference reference)
    {
        if (RegularFile.Obstacle(PathOf(reference)) is not null) return null;
        var content = InputFile.ReadAll(PathOf(reference), Array.MaxLength);
        return Convert.ToHexStringLower(SHA256.HashData(content)) == reference.Hash ? content : null;
    }

    /// <summary>Part of a file, of at most <see cref="TensorPayload.MaxBytes"/>.</summary>
    /// <exception cref="PipelineException">It is not here.</exception>
    public byte[] ReadChunk(string hash, long offset)
    {
        var known = List(0).FirstOrDefault(r => r.Hash == hash) ?? throw new PipelineException($"adapter {hash} is not held here; ask the run for the current one");
        using var file = InputFile.Open(PathOf(known));
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

    /// <summary>Null for a file of another name, which is not this store's.</summary>
    static AdapterReference? Parse(string path) =>
        NameOfVersion().Match(Path.GetFileName(path)) is { Success: true } name && int.TryParse(name.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? new AdapterReference(version, name.Groups[2].Value, new FileInfo(path).Length)
            : null;

    [GeneratedRegex(@"^v([0-9]{6,10})-([0-9a-f]{64})\.safetensors\z")]
    private static partial Regex NameOfVersion();
}
