using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Evaluation.GenEval;
using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>Crops with and without a mask, with the original as background, and uncut.</summary>
public sealed class GenEvalCropReader : IGoldenReader
{
    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.EndsWith("ImageCrops", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var image = Image(golden.Tensor("image"));
        var background = GenEvalCrop.ParseBackground(golden.Config.GetProperty("bgcolor").GetString()!);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateArray().Select(o => o.GetString()!))
        {
            // crop.3
            var parts = output.Split('.');
            var number = long.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture);
            var edges = golden.Tensor("boxes")[number].data<float>().ToArray();
            var box = new GenEvalBox(edges[0], edges[1], edges[2], edges[3]);
            var mask = golden.Tensor("masks")[number].ne(0).contiguous().data<bool>().ToArray();
            var crop = parts[0] switch
            {
                "crop" => GenEvalCrop.Of(image, box, mask, background),
                "box_only" => GenEvalCrop.Of(image, box, [], background),
                "original" => GenEvalCrop.Of(image, box, mask, GenEvalCrop.ParseBackground("original")),
                "uncropped" => GenEvalCrop.Of(image, null, mask, background),
                _ => throw new InvalidDataException($"The reader doesn't know the output '{output}'."),
            };
            check.Equal(output, tensor(crop.Data).view(crop.Height, crop.Width, crop.Channels), golden.Tensor(output));
        }
    }

    static PixelImage Image(Tensor image_HW3) =>
        new((int)image_HW3.shape[0], (int)image_HW3.shape[1], (int)image_HW3.shape[2], image_HW3.contiguous().data<byte>().ToArray());
}
