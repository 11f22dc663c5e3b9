using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>PickScore: features, scores of every image for every prompt, and probabilities over the images.</summary>
public sealed class PickScoreReader : IGoldenReader
{
    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("PickScore", StringComparison.Ordinal) && File.Exists(golden.Path("model/config.json"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        using var weights = SafetensorsFile.Open(golden.Path("model/model.safetensors"));
        var model = ModuleLoading.Load(new ClipModel(ClipConfig.Load(golden.Path("model/config.json")), META), weights);
        var processor = ClipImageProcessor.Load(golden.Path("model/preprocessor_config.json"));
        var pictures = GoldenPictures.Load(golden, check);
        var ordered = golden.Config.GetProperty("order_of_images").EnumerateArray().Select(name => pictures[name.GetString()!]).ToArray();
        var pixels_BCHW = stack([.. ordered.Select(processor.Process)]);
        check.Equal("pixel_values", pixels_BCHW, golden.Tensor("pixel_values"));

        var judge = new PlainClipJudge("pickscore", model, new PicturePreprocessing(processor.Process), new JudgeSeam.RecordedTokenizer(golden.Tensor("input_ids")));
        check.Close("scores", JudgeSeam.Scores(judge, (int)golden.Tensor("input_ids").shape[0], ordered));

        var image_BP = model.ImageFeatures(pixels_BCHW);
        var text_TP = model.TextFeatures(golden.Tensor("input_ids"), golden.Tensor("attention_mask"));
        var scores_TB = model.LogitsPerImage(image_BP, text_TP).t();
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var actual = output switch
            {
                "image_features" => image_BP,
                "text_features" => text_TP,
                "text_features_without_mask" => model.TextFeatures(golden.Tensor("input_ids")),
                "scores" => scores_TB,
                "probabilities" => scores_TB.softmax(-1),
                _ => null,
            };
            if (actual is null) check.Fail($"the reader doesn't know the output '{output}'");
            else check.Close(output, actual);
        }
    }
}
