using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>From decoder output and from pictures to pixel values, for scoring and for training.</summary>
public sealed class SpmPreprocessReader : IGoldenReader
{
    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("PickaPicSPMDataset", StringComparison.Ordinal)
        && golden.Config.TryGetProperty("dataset_resolution", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var config = golden.Config;
        var normalisation = new PixelNormalisation(Doubles(config, "image_mean"), Doubles(config, "image_std"));
        var at = new Dictionary<int, JudgePreprocessing>();
        JudgePreprocessing Sized(int size) => at.TryGetValue(size, out var known) ? known : at[size] = new JudgePreprocessing(size, normalisation);
        var standard = Sized(config.GetProperty("img_size").GetInt32());

        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var (what, size) = (output[..output.LastIndexOf('_')], output[(output.LastIndexOf('_') + 1)..]);
            if (what == "dataset_pixel_values")
            {
                var image = Picture(golden, "dataset_" + size);
                check.Equal($"{size}.png", PixelImage.Load(golden.Path(size + ".png")).Data.AsSpan().SequenceEqual(image.Data), true);
                // Bytes come first here, so nothing but one float32 rounding may differ.
                var expected = golden.Tensor(output);
                check.Within(output, JudgePreprocessing.DatasetImage(image, config.GetProperty("dataset_resolution").GetInt32()).unsqueeze(0), expected, 2.5e-7);
                continue;
            }
            var image_BCHW = golden.Tensor("image_" + size);
            var resized = standard.ResizeShortestEdge(image_BCHW);
            switch (what)
            {
                case "resized": check.Close(output, resized); break;
                case "cropped": check.Close(output, standard.CentreCrop(resized)); break;
                case "unit": check.Close(output, JudgePreprocessing.ToUnit(standard.CentreCrop(resized))); break;
                case "pixel_values": check.Close(output, standard.ForScoring(image_BCHW)); break;
                case "train_pixel_values": check.Close(output, standard.ForTraining(image_BCHW)); break;
                case var other when other.StartsWith("pixel_values_", StringComparison.Ordinal) && other.EndsWith("_from", StringComparison.Ordinal):
                    var realSize = int.Parse(other["pixel_values_".Length..^"_from".Length], System.Globalization.CultureInfo.InvariantCulture);
                    check.Close(output, Sized(realSize).ForScoring(image_BCHW), "pixel_values_" + size);
                    break;
                default: check.Fail($"the reader doesn't know the output '{output}'"); break;
            }
        }
    }

    static PixelImage Picture(GoldenCase golden, string name)
    {
        using var pixels_HWC = golden.Tensor(name);
        return new PixelImage((int)pixels_HWC.shape[0], (int)pixels_HWC.shape[1], (int)pixels_HWC.shape[2], pixels_HWC.data<byte>().ToArray());
    }

    static double[] Doubles(System.Text.Json.JsonElement config, string name) => [.. config.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}
