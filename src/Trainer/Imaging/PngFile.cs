using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;
using SkiaSharp;

namespace SpoActors.Trainer.Imaging;

/// <summary>PNG files that carry texts, such as the prompt and the settings an image was made with.</summary>
public static class PngFile
{
    const int SignatureLength = 8, ChunkOverhead = 12, LongestKeyword = 79;

    static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>Encodes a picture with its texts (iTXt chunks, UTF-8). The same picture and texts give the same bytes.</summary>
    /// <param name="image">Grey, RGB or RGBA.</param>
    /// <param name="texts">Keyword (1 to 79 printable Latin-1 characters) to text.</param>
    public static byte[] Encode(PixelImage image, IReadOnlyDictionary<string, string> texts)
    {
        using var bitmap = image.ToBitmap();
        using var pixmap = bitmap.PeekPixels();
        using var encoded = pixmap.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 6))
            ?? throw new InvalidOperationException($"a picture of {image.Width} x {image.Height} cannot be encoded");
        var png = encoded.ToArray();
        using var result = new MemoryStream();
        // The header chunk must come first; texts follow it so that readers find them without the pixels.
        var header = SignatureLength + ChunkOverhead + BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(SignatureLength));
        result.Write(png, 0, header);
        foreach (var (keyword, text) in texts.OrderBy(t => t.Key, StringComparer.Ordinal)) WriteText(result, keyword, text);
        result.Write(png, header, png.Length - header);
        return result.ToArray();
    }

    /// <summary>The texts of a PNG file: iTXt and tEXt, uncompressed.</summary>
    /// <exception cref="InvalidDataException">It is not a PNG file, or ends within a chunk.</exception>
    public static IReadOnlyDictionary<string, string> ReadTexts(ReadOnlySpan<byte> png)
    {
        if (!png.StartsWith(Signature)) throw new InvalidDataException("the file is not a PNG: its signature is missing");
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var rest = png[SignatureLength..]; rest.Length > 0;)
        {
            var length = rest.Length < ChunkOverhead ? int.MaxValue : BinaryPrimitives.ReadInt32BigEndian(rest);
            if (length < 0 || length > rest.Length - ChunkOverhead) throw new InvalidDataException("the PNG file ends within a chunk");
            var type = Encoding.ASCII.GetString(rest.Slice(4, 4));
            if (type == "IEND") break;
            if (type is "iTXt" or "tEXt" && ReadText(type, rest.Slice(8, length)) is var (keyword, text)) texts[keyword] = text;
            rest = rest[(ChunkOverhead + length)..];
        }
        return texts;
    }

    static (string Keyword, string Text)? ReadText(string type, ReadOnlySpan<byte> data)
    {
        var end = data.IndexOf((byte)0);
        if (end <= 0) return null;
        var keyword = Encoding.Latin1.GetString(data[..end]);
        if (type == "tEXt") return (keyword, Encoding.Latin1.GetString(data[(end + 1)..]));
        // Compression flag and method, then language and translated keyword, each ended by a zero.
        if (data.Length < end + 3 || data[end + 1] != 0) return null;
        var rest = data[(end + 3)..];
        for (int field = 0; field < 2; field++)
        {
            var zero = rest.IndexOf((byte)0);
            if (zero < 0) return null;
            rest = rest[(zero + 1)..];
        }
        return (keyword, Encoding.UTF8.GetString(rest));
    }

    static void WriteText(Stream target, string keyword, string text)
    {
        if (keyword.Length is 0 or > LongestKeyword || keyword.Any(c => c is < ' ' or > '~'))
            throw new ArgumentException($"the keyword is '{keyword}'; expected 1 to {LongestKeyword} printable ASCII characters", nameof(keyword));
        byte[] body = [.. "iTXt"u8, .. Encoding.ASCII.GetBytes(keyword), 0, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)];
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length - 4);
        target.Write(number);
        target.Write(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.HashToUInt32(body));
        target.Write(number);
    }
}
