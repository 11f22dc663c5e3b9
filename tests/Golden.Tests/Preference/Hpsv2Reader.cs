using System.Globalization;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>HPSv2 from open_clip's key layout and from transformers', and its preprocessing with and without antialiasing.</summary>
public sealed class Hpsv2Reader : IGoldenReader
{
    const string EveryEighth = "_every_8th";

    /// <summary>The preprocessing has no recorded error: a float32 bicubic of 16 or more taps, normalised.</summary>
    const double PreprocessingBound = 1e-5;

    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("HPSv2", StringComparison.Ordinal) && File.Exists(golden.Path("open_clip.safetensors"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        CheckPreprocessing(golden, check);
        var config = ClipConfig.Load(golden.Path("transformers/config.json"));
        using var converted = SafetensorsFile.Open(golden.Path("transformers/model.safetensors"));
        CheckModel(golden, check, ModuleLoading.Load(new ClipModel(config, META), converted));
        CheckOriginal(golden, check, config, SafetensorsFile.Open(golden.Path("open_clip.safetensors")));
        foreach (var published in Directory.GetFiles(golden.Folder, "*.pt"))
            CheckOriginal(golden, check, config, CheckpointFile.Open(published));
    }

    static void CheckOriginal(GoldenCase golden, GoldenAssert check, ClipConfig config, ITensorSource original)
    {
        check.Equal("open_clip's keys are recognised", OpenClipWeights.Recognises(original), true);
        using var mapped = OpenClipWeights.AsTransformers(original);
        CheckModel(golden, check, ModuleLoading.Load(new ClipModel(config, META), mapped));
    }

    static void CheckModel(GoldenCase golden, GoldenAssert check, ClipModel model)
    {
        var (ids_TL, pixels_BCHW) = (golden.Tensor("input_ids"), golden.Tensor("pixel_values"));
        var (image_BP, text_TP) = (model.ImageFeatures(pixels_BCHW), model.TextFeatures(ids_TL));
        check.Close("image_features_raw", image_BP);
        check.Close("text_features_raw", text_TP);
        check.Close("image_features", Hpsv2Score.Normalize(image_BP));
        check.Close("text_features", Hpsv2Score.Normalize(text_TP));
        check.Close("scores", Hpsv2Score.Of(model, ids_TL, pixels_BCHW));
        CheckSeam(golden, check, model);
    }

    // The judge reports percent, as the original's benchmark does.
    static void CheckSeam(GoldenCase golden, GoldenAssert check, ClipModel model)
    {
        var ids_TL = golden.Tensor("input_ids");
        var preprocessing = new PicturePreprocessing(new Hpsv2Preprocessing(model.Config.Vision.ImageSize, PixelNormalisation.Clip).Process);
        var judge = new Hpsv2Judge("hpsv2", model, preprocessing, new JudgeSeam.RecordedTokenizer(ids_TL));
        var pictures = GoldenPictures.Load(golden, check);
        // The original fails on alpha, so there is nothing to compare with.
        var scores_TB = JudgeSeam.Scores(judge, (int)ids_TL.shape[0], pictures.Where(p => p.Key != "rgba").Select(p => p.Value));
        check.Close("scores through the seam", scores_TB / 100, golden.Tensor("scores"), "scores");
        check.Within("scale", tensor(judge.Scale), model.LogitScale.exp() / 100, 1e-6);
    }

    static void CheckPreprocessing(GoldenCase golden, GoldenAssert check)
    {
        var pictures = GoldenPictures.Load(golden, check);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).Where(o => o.StartsWith("hps_", StringComparison.Ordinal)))
        {
            // hps_224/photo/no_antialias_every_8th
            var parts = output.Split('/');
            var size = int.Parse(parts[0].AsSpan("hps_".Length), CultureInfo.InvariantCulture);
            var processor = new Hpsv2Preprocessing(size, PixelNormalisation.Clip, Antialias: !parts[2].StartsWith("no_", StringComparison.Ordinal));
            var picture = pictures[parts[1]];
            var pixels_CHW = processor.Process(picture, keepAlpha: true);
            // Where the longest side has the size already, the original forgets to pad.
            if (Math.Max(picture.Height, picture.Width) == size)
                pixels_CHW = pixels_CHW.narrow(1, (size - picture.Height) / 2, picture.Height).narrow(2, (size - picture.Width) / 2, picture.Width);
            if (parts[2].EndsWith(EveryEighth, StringComparison.Ordinal)) pixels_CHW = GoldenPictures.EveryEighth(pixels_CHW);
            check.Within(output, pixels_CHW, golden.Tensor(output), PreprocessingBound);
        }
    }
}
