using System.Security.Cryptography;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Resilience;

namespace SpoActors.Grains.Adapters;

/// <summary>Fetches adapters from the trainer in chunks, verifies them, and keeps the last one.</summary>
public sealed class AdapterClient(IGrainFactory grains, Calls calls)
{
    (string Hash, byte[] Content)? kept;

    /// <summary>The content of an adapter.</summary>
    /// <exception cref="PipelineException">What came is not what was announced.</exception>
    public async Task<byte[]> GetAsync(string run, AdapterReference reference, WorkerId trainer, CancellationToken cancellation)
    {
        if (kept is { } known && known.Hash == reference.Hash) return known.Content;
        var grain = grains.GetGrain<ITrainerGrain>(trainer.GrainKey);
        using var content = new MemoryStream((int)reference.Length);
        while (content.Length < reference.Length)
        {
            var request = new AdapterChunkRequest(run, reference.Hash, content.Length);
            var chunk = await calls.RetryAsync(token => grain.ReadAdapterAsync(request, token), cancellation).ConfigureAwait(false);
            if (chunk.Bytes.Length == 0) break;
            content.Write(chunk.Bytes);
        }
        var bytes = content.ToArray();
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        if (hash != reference.Hash)
            throw new PipelineException($"adapter version {reference.Version} arrived damaged: its SHA-256 is {hash}, announced was {reference.Hash}");
        kept = (hash, bytes);
        return bytes;
    }
}
