using System.Security.Cryptography;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>Pictures through both libraries' preprocessing, equal in every byte.</summary>
public sealed class ClipPreprocessReader : IGoldenReader
{
    const string EveryEighth = "_every_8th";

    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("transformers.CLIPImageProcessor", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var normalisation = new PixelNormalisation(Doubles(golden, "image_mean"), Doubles(golden, "image_std"));
        var pictures = GoldenPictures.Load(golden, check);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            // open_clip_224/photo/pixel_values_every_8th
            var parts = output.Split('/');
            var (library, size) = (parts[0][..parts[0].LastIndexOf('_')], int.Parse(parts[0].AsSpan(parts[0].LastIndexOf('_') + 1), System.Globalization.CultureInfo.InvariantCulture));
            var processor = new ClipImageProcessor(size, normalisation);
            var isTorchvision = library == "open_clip";
            if (!isTorchvision && library != "clip_processor") check.Fail($"the reader doesn't know the library '{library}'");
            var picture = pictures[parts[1]];
            var expected = golden.Tensor(output);
            if (parts[2] == "uint8")
            {
                var bytes = isTorchvision ? processor.ResizeAndCropAsTorchvision(picture) : processor.ResizeAndCrop(picture);
                check.Equal(output, tensor(bytes.Data).view(bytes.Height, bytes.Width, bytes.Channels), expected);
                continue;
            }
            var pixels_CHW = isTorchvision ? processor.ProcessAsTorchvision(picture) : processor.Process(picture);
            if (parts[2].EndsWith(EveryEighth, StringComparison.Ordinal)) pixels_CHW = GoldenPictures.EveryEighth(pixels_CHW);
            check.Equal(output, pixels_CHW, expected);
        }
    }

    static double[] Doubles(GoldenCase golden, string name) => [.. golden.Config.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}

/// <summary>The PNGs of a case.</summary>
static class GoldenPictures
{
    public static Dictionary<string, PixelImage> Load(GoldenCase golden, GoldenAssert check)
    {
        var pictures = new Dictionary<string, PixelImage>();
        foreach (var entry in golden.Json.GetProperty("pictures").EnumerateObject())
        {
            var picture = PixelImage.Load(golden.Path(entry.Value.GetProperty("file").GetString()!));
            check.Equal($"hash of {entry.Name}", Convert.ToHexStringLower(SHA256.HashData(picture.Data)), entry.Value.GetProperty("sha256_of_pixels").GetString());
            pictures.Add(entry.Name, picture);
        }
        return pictures;
    }

    public static Tensor EveryEighth(Tensor pixels_CHW) => pixels_CHW[TensorIndex.Colon, TensorIndex.Slice(step: 8), TensorIndex.Slice(step: 8)];
}
