using System.IO.Compression;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;

namespace SpoActors.Grains.Tests.Payloads;

public sealed class PromptsPayloadTests
{
    [Fact]
    public void Pack_OfCaptionsThatRepeat_CarriesMoreThanAMessage()
    {
        string[] captions = [.. Enumerable.Range(0, 400_000).Select(i => $"a painting of the {i / 16}th fox in a forest, oil on canvas")];
        var payload = PromptsPayload.Pack(captions);
        Assert.True(captions.Sum(c => (long)c.Length) > 2L * TensorPayload.MaxBytes);
        Assert.InRange(payload.Compressed.Length, 1, TensorPayload.MaxBytes);
        Assert.Equal(captions, payload.Unpack());
    }

    [Fact]
    public void Pack_WhenTheListIsTooLarge_SaysWhatToSet()
    {
        var random = new Random(1);
        string[] noise = [.. Enumerable.Range(0, 200).Select(_ => Convert.ToBase64String(Bytes(random, 60_000)))];
        var error = Assert.Throws<PipelineException>(() => PromptsPayload.Pack(noise));
        Assert.Contains("prompts.limit (data.limit for own pairs)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("null"), InlineData("{}"), InlineData("[1]"), InlineData("[\"a\"")]
    public void Unpack_WhenItIsNoList_Refuses(string json) =>
        Assert.Throws<PipelineException>(() => Compressed(stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(json))).Unpack());

    [Fact]
    public void Unpack_WhenItIsNotCompressed_Refuses() => Assert.Throws<PipelineException>(() => new PromptsPayload([0xff, 0xfe, 1, 2, 3], "").Unpack());

    [Fact]
    public void Unpack_OfABomb_EndsAtTheBound()
    {
        var block = new byte[1 << 20];
        block.AsSpan().Fill((byte)' ');
        var bomb = Compressed(stream =>
        {
            for (var i = 0; i <= PromptsPayload.MaxBytes >> 20; i++) stream.Write(block);
        });
        Assert.Contains("more than", Assert.Throws<PipelineException>(bomb.Unpack).Message, StringComparison.Ordinal);
    }

    static PromptsPayload Compressed(Action<Stream> write)
    {
        using var target = new MemoryStream();
        using (var brotli = new BrotliStream(target, CompressionLevel.Fastest, leaveOpen: true)) write(brotli);
        return new PromptsPayload(target.ToArray(), "");
    }

    static byte[] Bytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
