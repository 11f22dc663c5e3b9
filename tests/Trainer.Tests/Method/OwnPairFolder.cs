using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Tests.Method;

/// <summary>A user's own pairs as a folder with <c>w/</c> and <c>l/</c>: small PNG files of noise, and their captions.</summary>
static class OwnPairFolder
{
    /// <summary>Writes pairs of two shapes, so that they fall into two buckets.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="count">Pairs.</param>
    /// <returns>The folder.</returns>
    public static string Write(string folder, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var (height, width) = i % 2 == 0 ? (64, 64) : (48, 96);
            Put(folder, "w", i, Picture(2 * i, height, width));
            Put(folder, "l", i, Picture(2 * i + 1, height, width + 8));
            File.WriteAllText(Path.Combine(folder, "w", $"{i}.txt"), i % 3 == 0 ? "a red cat on the mat" : $"the blue bird singing, {i} times");
        }
        return folder;
    }

    /// <summary>Makes one image of a pair one that no decoder reads.</summary>
    public static void Spoil(string folder, int pair) => Put(folder, "l", pair, [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0]);

    static void Put(string folder, string side, int i, byte[] content)
    {
        Directory.CreateDirectory(Path.Combine(folder, side));
        File.WriteAllBytes(Path.Combine(folder, side, $"{i}.png"), content);
    }

    static byte[] Picture(int seed, int height, int width)
    {
        var pixels = new byte[height * width * 3];
        new Random(seed).NextBytes(pixels);
        return PngFile.Encode(new PixelImage(height, width, 3, pixels), new Dictionary<string, string>());
    }
}
