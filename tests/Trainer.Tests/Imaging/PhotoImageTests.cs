using System.Buffers.Binary;
using SkiaSharp;
using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Imaging;

public sealed class PhotoImageTests
{
    static byte[] Png(PixelImage image) => PngFile.Encode(image, new Dictionary<string, string>());

    static byte[] Encode(PixelImage image, SKEncodedImageFormat format)
    {
        using var bitmap = image.ToBitmap();
        using var data = bitmap.Encode(format, 100);
        return data.ToArray();
    }

    /// <summary>A JPEG of 16 x 32 (height x width), its left half black, its right half white, with an orientation.</summary>
    static byte[] Jpeg(byte orientation)
    {
        var pixels = new byte[16 * 32 * 3];
        for (var i = 0; i < 16 * 32; i++) if (i % 32 >= 16) pixels.AsSpan(i * 3, 3).Fill(255);
        var jpeg = Encode(new PixelImage(16, 32, 3, pixels), SKEncodedImageFormat.Jpeg);
        byte[] exif =
        [
            0xFF, 0xE1, 0, 34, .. "Exif\0\0"u8, .. "MM"u8, 0, 42, 0, 0, 0, 8,
            0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg[..2], .. exif, .. jpeg[2..]];
    }

    /// <summary>A PNG header that promises a size, and nothing else of a picture.</summary>
    static byte[] Promise(int width, int height)
    {
        var png = Png(new PixelImage(1, 1, 3, [1, 2, 3]));
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), width);
        BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), height);
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), System.IO.Hashing.Crc32.HashToUInt32(png.AsSpan(12, 17)));
        return png;
    }

    [Theory]
    [InlineData(1, 16, 32, "left")]
    [InlineData(2, 16, 32, "right")]
    [InlineData(3, 16, 32, "right")]
    [InlineData(4, 16, 32, "left")]
    [InlineData(5, 32, 16, "top")]
    [InlineData(6, 32, 16, "top")]
    [InlineData(7, 32, 16, "bottom")]
    [InlineData(8, 32, 16, "bottom")]
    public void Decoding_WhenThePictureIsTurned_SetsItUpright(byte orientation, int height, int width, string black)
    {
        var jpeg = Jpeg(orientation);
        Assert.Equal((height, width), PhotoImage.ReadSize(jpeg, "it"));
        var image = PhotoImage.Decode(jpeg, "it");
        Assert.Equal((height, width), (image.Height, image.Width));
        byte At(int row, int column) => image.Data[(row * width + column) * 3];
        var (top, bottom, left, right) = (At(2, width / 2), At(height - 3, width / 2), At(height / 2, 2), At(height / 2, width - 3));
        Assert.True((black switch { "left" => left, "right" => right, "top" => top, _ => bottom }) < 16);
        Assert.True((black switch { "left" => right, "right" => left, "top" => bottom, _ => top }) > 240);
    }

    [Theory]
    [InlineData(1, new byte[] { 7, 7, 7, 9, 9, 9 }, new byte[] { 7, 9 })]
    [InlineData(4, new byte[] { 1, 2, 3, 4, 5, 6 }, new byte[] { 1, 2, 3, 200, 4, 5, 6, 255 })]
    public void Decoding_WhenGreyOrWithAlpha_GivesPillowsRgb(int channels, byte[] expected, byte[] pixels) =>
        Assert.Equal(expected, PhotoImage.Decode(Png(new PixelImage(1, 2, channels, pixels)), "it").Data);

    [Theory]
    [InlineData(SKEncodedImageFormat.Webp)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void Decoding_WhenThePictureIsOfAnotherKind_ReadsIt(SKEncodedImageFormat format) =>
        Assert.Equal((2, 3), PhotoImage.ReadSize(Encode(new PixelImage(2, 3, 3, new byte[18]), format), "it"));

    [Theory]
    [InlineData("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAAAAACB2fwVAAAADUlEQVR4nGNo+M/UAAAFhgICH6kd0gAAAABJRU5ErkJggg==", new byte[] { 0x80, 0x80, 0x80, 2, 2, 2 })]
    [InlineData("iVBORw0KGgoAAAANSUhEUgAAAAIAAAABEAIAAAAr0DSeAAAAFUlEQVR4nGNo+M/I8P+/UIPQPwYGACYrBSGN60cqAAAAAElFTkSuQmCC", new byte[] { 0x80, 1, 0xFF, 0x12, 0x12, 0 })]
    public void Decoding_WhenThePictureHas16Bits_KeepsTheUpperEight(string base64, byte[] expected) => Assert.Equal(expected, PhotoImage.Decode(Convert.FromBase64String(base64), "it").Data);

    [Theory]
    [InlineData("R0lGODlhAQABAIAAAAoUHv///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")]
    [InlineData("Qk06AAAAAAAAADYAAAAoAAAAAQAAAAEAAAABABgAAAAAAAQAAAAAAAAAAAAAAAAAAAAAAAAAHhQKAA==")]
    public void Decoding_WhenThePictureIsAGifOrABmp_ReadsIt(string base64) => Assert.Equal([10, 20, 30], PhotoImage.Decode(Convert.FromBase64String(base64), "it").Data);

    [Theory]
    [InlineData(9460, 9460)]
    [InlineData(32_768, 32_769)]
    [InlineData(65_535, 65_535)]
    public void Decoding_WhenAHeaderPromisesTooManyPixels_RefusesBeforeDecoding(int width, int height)
    {
        var bomb = Promise(width, height);
        foreach (Action use in (Action[])[() => PhotoImage.ReadSize(bomb, "it"), () => PhotoImage.Decode(bomb, "it")])
            Assert.Equal($"it has {width} x {height} pixels, which is too large; at most 76000000 are decoded.", Assert.Throws<InvalidDataException>(use).Message);
    }

    [Fact]
    public void Decoding_WhenAJpegHoldsInks_SaysSo()
    {
        byte[] header = [0xFF, 0xD8, 0xFF, 0xEE, 0, 4, 1, 2, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, .. new byte[12]];
        Assert.Equal("it is a JPEG in CMYK; expected RGB or grey. Convert it.", Assert.Throws<InvalidDataException>(() => PhotoImage.Decode(header, "it")).Message);
    }

    [Fact]
    public void Decoding_WhenThePictureIsCutShort_SaysSo()
    {
        var png = Png(new PixelImage(64, 64, 3, [.. Enumerable.Range(0, 64 * 64 * 3).Select(i => (byte)(i * 7919))]));
        Assert.StartsWith("it cannot be decoded", Assert.Throws<InvalidDataException>(() => PhotoImage.Decode(png[..(png.Length / 2)], "it")).Message, StringComparison.Ordinal);
        Assert.StartsWith("it cannot be read", Assert.Throws<InvalidDataException>(() => PhotoImage.Decode([1, 2, 3], "it")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void PairsOfAPreferenceTraining_AreReadLikeAUsersOwn()
    {
        using var folder = new TemporaryFolder();
        byte[] inks = [0xFF, 0xD8, 0xFF, 0xC0, 0, 20, 8, 0, 8, 0, 8, 4, .. new byte[12]];
        PickAPicFile.Write(folder.Path("a.parquet"), [new("turned", Jpeg(6), Png(new PixelImage(1, 1, 4, [1, 2, 3, 0])), 1, 0), new("inks", inks, inks, 1, 0)], rowsOfAGroup: 1);
        List<Problem> problems = [];
        var rows = PairIndex.Scan([folder.Root], "data.train", problems, row => row.Caption == "turned", row => row.Caption == "inks");
        using var turned = new ParquetPairs(rows[0], seed: 0, mixedRowGroups: 1);
        using var refused = new ParquetPairs(rows[1], seed: 0, mixedRowGroups: 1);

        var pair = Assert.Single(turned.Take(0, 1));
        Assert.Equal((32, 16, 3), (pair.First.Height, pair.First.Width, pair.First.Channels));
        Assert.Equal([1, 2, 3], pair.Second.Data);
        Assert.Contains("row 1: the image in jpg_0 is a JPEG in CMYK; expected RGB or grey", Assert.Throws<InvalidDataException>(() => refused.Take(0, 1)).Message, StringComparison.Ordinal);
    }
}
