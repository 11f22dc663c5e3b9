using System.Buffers.Binary;

namespace SpoActors.Trainer.Imaging;

/// <summary>What a JPEG file's frame header says (ITU-T T.81, B.2.2).</summary>
static class JpegHeader
{
    const int SegmentHeader = 4, FrameLength = 6;

    /// <summary>Colour components: 1 for grey, 3 for colours, 4 for inks; null if it is no JPEG, or ends before it says.</summary>
    public static int? Components(ReadOnlySpan<byte> encoded)
    {
        if (!encoded.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8])) return null;
        for (var rest = encoded[2..]; rest.Length >= SegmentHeader && rest[0] == 0xFF;)
        {
            var marker = rest[1];
            // A marker may be preceded by any number of fill bytes.
            if (marker == 0xFF)
            {
                rest = rest[1..];
                continue;
            }
            if (IsFrame(marker)) return rest.Length >= SegmentHeader + FrameLength ? rest[SegmentHeader + FrameLength - 1] : null;
            var length = 2 + BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
            if (length > rest.Length) return null;
            rest = rest[length..];
        }
        return null;
    }

    /// <summary>SOF0 to SOF15, among which DHT, JPG and DAC have their codes.</summary>
    static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not 0xC4 and not 0xC8 and not 0xCC;
}
