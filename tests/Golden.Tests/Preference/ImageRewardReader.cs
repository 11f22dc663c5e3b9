using System.Globalization;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.ImageReward;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>ImageReward: the encoders' states, raw and normalised rewards, and the ranking of images.</summary>
public sealed class ImageRewardReader : IGoldenReader
{
    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("ImageReward.py", StringComparison.Ordinal) && File.Exists(golden.Path("imagereward.safetensors"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        CheckPixels(golden, check);
        CheckModel(golden, check, SafetensorsFile.Open(golden.Path("imagereward.safetensors")));
        foreach (var published in Directory.GetFiles(golden.Folder, "*.pt")) CheckModel(golden, check, CheckpointFile.Open(published));
    }

    static void CheckModel(GoldenCase golden, GoldenAssert check, ITensorSource source)
    {
        using var weights = source;
        var model = ModuleLoading.Load(new ImageRewardModel(ImageRewardSizes.Read(golden.Config), META), weights);
        CheckSeam(golden, check, model);
        var image_BMV = model.EncodeImages(golden.Tensor("pixel_values"));
        check.Close("image_embeds", image_BMV);
        var (ids_TL, mask_TL) = (golden.Tensor("input_ids"), golden.Tensor("attention_mask"));
        for (var prompt = 0; prompt < ids_TL.shape[0]; prompt++)
        {
            var (id_1L, mask_1L) = (ids_TL.narrow(0, prompt, 1), mask_TL.narrow(0, prompt, 1));
            var states = model.TextStates(id_1L, mask_1L, image_BMV);
            var name = "prompt" + prompt.ToString(CultureInfo.InvariantCulture);
            var expected = golden.Tensor("text_hidden_" + name);
            // Recorded for some of the images: the last state, or all of them.
            check.Close("text_hidden_" + name, expected.dim() == 4
                ? stack([.. states.Select(s => s.narrow(0, 0, expected.shape[1]))])
                : states[^1].narrow(0, 0, expected.shape[0]));
            var raw_B = model.RawRewards(states[^1]);
            check.Close("cls_" + name, states[^1].select(1, 0));
            check.Close("raw_" + name, raw_B);
            var rewards_B = model.Rewards(id_1L, mask_1L, image_BMV);
            check.Close("rewards_" + name, rewards_B);
            CheckRanks(golden, check, prompt, rewards_B);
        }
    }

    // What comes from a decoder has no alpha, with which the original resizes otherwise.
    static void CheckSeam(GoldenCase golden, GoldenAssert check, ImageRewardModel model)
    {
        var ids_TL = golden.Tensor("input_ids");
        var preprocessing = new PicturePreprocessing(new ClipImageProcessor(model.Config.ImageSize, PixelNormalisation.Clip).ProcessAsTorchvision);
        var judge = new ImageRewardJudge(model, preprocessing, new JudgeSeam.RecordedTokenizer(ids_TL));
        var pictures = GoldenPictures.Load(golden, check);
        var opaque = pictures.Values.Select((picture, i) => (picture, i)).Where(p => p.picture.Channels != 4).ToArray();
        var scores_TB = JudgeSeam.Scores(judge, (int)ids_TL.shape[0], opaque.Select(p => p.picture));
        for (var prompt = 0; prompt < ids_TL.shape[0]; prompt++)
        {
            var name = "rewards_prompt" + prompt.ToString(CultureInfo.InvariantCulture);
            check.Close(name + " through the seam", scores_TB[prompt], golden.Tensor(name).index_select(0, tensor(opaque.Select(p => (long)p.i).ToArray())), name);
        }
    }

    static void CheckPixels(GoldenCase golden, GoldenAssert check)
    {
        var processor = new ClipImageProcessor(golden.Config.GetProperty("image_size").GetInt32(), PixelNormalisation.Clip);
        var pictures = GoldenPictures.Load(golden, check);
        check.Equal("pixel_values", stack([.. pictures.Values.Select(processor.ProcessAsTorchvision)]), golden.Tensor("pixel_values"));
    }

    static void CheckRanks(GoldenCase golden, GoldenAssert check, int prompt, Tensor rewards_B)
    {
        var recorded = golden.Json.GetProperty("inference_rank").EnumerateArray().Single(r => r.GetProperty("prompt").GetInt32() == prompt);
        var rewards = rewards_B.data<float>().ToArray();
        var ranks = rewards.Select(r => 1 + rewards.Count(other => other > r));
        check.Equal($"ranks for prompt {prompt}", string.Join(' ', ranks), string.Join(' ', recorded.GetProperty("rank").EnumerateArray().Select(r => r.GetInt32())));
    }
}
