using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Adapters;

/// <summary>
/// Adapter versions as files named by version, epoch and content: <c>v000012-e000003-&lt;nonce&gt;-&lt;sha256&gt;.safetensors</c>. What an epoch
/// announced, nobody else's hand removes as long as somebody may want it: a trainer that was replaced and does not know it puts and prunes
/// beside its successor.
/// </summary>
/// <param name="folder">Created when needed.</param>
/// <param name="epoch">Of the trainer that this store is for.</param>
public sealed partial class AdapterStore(string folder, TrainerEpoch epoch)
{
    /// <summary>In the run's folder.</summary>
    public const string FolderName = "adapters";

    /// <summary>Stores a version. Idempotent.</summary>
    public AdapterReference Put(int version, byte[] content)
    {
        var reference = new AdapterReference(version, Convert.ToHexStringLower(SHA256.HashData(content)), content.Length);
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"v{version:d6}-e{epoch.Number:d6}-{epoch.Nonce:n}-{reference.Hash}.safetensors"));
        Directory.CreateDirectory(folder);
        if (!File.Exists(path) || !IsWhole(path, reference)) AtomicFile.Write(path, content);
        return reference;
    }

    /// <summary>The versions from one on, by version: what this epoch stored, else the newest epoch that did.</summary>
    public IReadOnlyList<AdapterReference> List(int fromVersion) =>
    [
        .. Files().Where(f => f.Reference.Version >= fromVersion).GroupBy(f => f.Reference.Version).OrderBy(g => g.Key)
            .Select(g => g.OrderByDescending(f => f.Epoch == epoch).ThenByDescending(f => f.Epoch.Number).First().Reference),
    ];

    /// <summary>
    /// Removes what is not what its name says, as a failing disk or a copy in part leaves it: a sampler would ask for it again and again, and
    /// a version that can be had anew is stored again only if it is not there.
    /// </summary>
    public void RemoveDamaged()
    {
        foreach (var damaged in Files().Where(f => !IsWhole(f.Path, f.Reference)).ToArray()) File.Delete(damaged.Path);
    }

    static bool IsWhole(string path, AdapterReference reference) =>
        RegularFile.Obstacle(path) is null && Convert.ToHexStringLower(SHA256.HashData(InputFile.ReadAll(path, Array.MaxLength))) == reference.Hash;

    /// <summary>Part of a file, of at most <see cref="TensorPayload.MaxBytes"/>.</summary>
    /// <exception cref="PipelineException">It is not here.</exception>
    public byte[] ReadChunk(string hash, long offset)
    {
        var known = Files().FirstOrDefault(f => f.Reference.Hash == hash) ?? throw new PipelineException($"adapter {hash} is not held here; ask the run for the current one");
        using var file = InputFile.Open(known.Path);
        file.Position = offset;
        var chunk = new byte[Math.Clamp(file.Length - offset, 0, TensorPayload.MaxBytes)];
        file.ReadExactly(chunk);
        return chunk;
    }

    /// <summary>Removes the versions before one that this epoch stored, or an older one, whose rounds are consumed.</summary>
    public void Prune(int beforeVersion)
    {
        foreach (var old in Files().Where(f => f.Reference.Version < beforeVersion && (f.Epoch == epoch || f.Epoch.Number < epoch.Number))) File.Delete(old.Path);
    }

    IEnumerable<Stored> Files() => Directory.Exists(folder) ? Directory.GetFiles(folder, "v*.safetensors").Select(Parse).OfType<Stored>() : [];

    /// <summary>Null for a file of another name. Releases before epochs stood in the name left them out.</summary>
    static Stored? Parse(string path)
    {
        var match = Name().Match(Path.GetFileNameWithoutExtension(path));
        if (!match.Success) return null;
        var of = match.Groups["epoch"].Success
            ? new TrainerEpoch(long.Parse(match.Groups["epoch"].ValueSpan, CultureInfo.InvariantCulture), Guid.ParseExact(match.Groups["nonce"].ValueSpan, "n"))
            : default;
        return new Stored(path, of, new AdapterReference(int.Parse(match.Groups["version"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["hash"].Value, new FileInfo(path).Length));
    }

    [GeneratedRegex(@"^v(?<version>\d{6,9})-(e(?<epoch>\d{6,18})-(?<nonce>[0-9a-f]{32})-)?(?<hash>[0-9a-f]{64})\z")]
    private static partial Regex Name();

    sealed record Stored(string Path, TrainerEpoch Epoch, AdapterReference Reference);
}
