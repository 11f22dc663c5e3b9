using System.IO.Compression;
using System.Text.Json;
using SpoActors.Specification.Prompts;

namespace SpoActors.Grains.Interfaces.Payloads;

/// <summary>
/// A run's list of prompts as it travels and is stored: a JSON array, compressed. The captions of a large data set repeat, so that a million
/// of them fit into a message.
/// </summary>
/// <param name="Compressed">Brotli.</param>
/// <param name="Hash">Identifies what is trained on: the list, and with own pairs their verdicts and images too.</param>
[GenerateSerializer, Immutable, Alias("spo.PromptsPayload")]
public sealed record PromptsPayload([property: Id(0)] byte[] Compressed, [property: Id(1)] string Hash)
{
    /// <summary>Most bytes of a list before compression; a run's grain holds it.</summary>
    public const int MaxBytes = 256 << 20;

    /// <inheritdoc cref="Pack(IReadOnlyList{string}, string)"/>
    public static PromptsPayload Pack(IReadOnlyList<string> prompts) => Pack(prompts, PromptList.Hash(prompts));

    /// <exception cref="PipelineException">The list is too large for a run of a pipeline.</exception>
    public static PromptsPayload Pack(IReadOnlyList<string> prompts, string hash)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(prompts);
        using var target = new MemoryStream();
        using (var brotli = new BrotliStream(target, CompressionLevel.Optimal, leaveOpen: true)) brotli.Write(plain);
        if (plain.Length > MaxBytes || target.Length > TensorPayload.MaxBytes)
            throw new PipelineException(
                $"the {prompts.Count} prompts have {plain.Length} bytes, {target.Length} compressed; a run of a pipeline carries at most {MaxBytes}, {TensorPayload.MaxBytes} compressed. " +
                "Set prompts.limit (data.limit for own pairs), or run it with --sequential.");
        return new PromptsPayload(target.ToArray(), hash);
    }

    /// <exception cref="PipelineException">No list was packed so.</exception>
    public IReadOnlyList<string> Unpack()
    {
        try
        {
            using var brotli = new BrotliStream(new MemoryStream(Compressed), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            var buffer = new byte[1 << 16];
            while (brotli.Read(buffer) is > 0 and var count)
            {
                if (plain.Length + count > MaxBytes) throw new InvalidDataException($"it has more than {MaxBytes} bytes");
                plain.Write(buffer, 0, count);
            }
            return JsonSerializer.Deserialize<string[]>(plain.GetBuffer().AsSpan(0, (int)plain.Length)) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or InvalidDataException or InvalidOperationException)
        {
            throw new PipelineException($"the run's list of prompts cannot be read: {e.Message}", e);
        }
    }
}
