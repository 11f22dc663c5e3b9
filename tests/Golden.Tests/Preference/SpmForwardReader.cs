using System.Globalization;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>The step-aware preference model: features at timesteps and scores, from each form of its checkpoint.</summary>
public sealed class SpmForwardReader : IGoldenReader
{
    public string Area => "preference";

    public bool Understands(GoldenCase golden) =>
        golden.Source.Contains("time_conditioned_clip", StringComparison.Ordinal) && File.Exists(golden.Path("spm.safetensors"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        using var noGradient = no_grad();
        var config = ClipConfig.Parse(golden.Config.GetProperty("clip"));
        // The wrapped layout, what training leaves behind, and (in some cases) the bare network.
        foreach (var file in new[] { "spm.safetensors", "final_ckpt.bin", "hf/model.safetensors" }.Where(f => File.Exists(golden.Path(f))))
        {
            using var checkpoint = CheckpointFile.Open(golden.Path(file));
            var model = ModuleLoading.Load(new TimeConditionedClipModel(config, META), ClipJudgeLoading.Unwrap(checkpoint));
            CheckTowers(golden, check, model);
            CheckScores(golden, check, model);
        }
        CheckInitialisation(golden, check);
    }

    static void CheckTowers(GoldenCase golden, GoldenAssert check, TimeConditionedClipModel model)
    {
        var timesteps_B = golden.Tensor("timesteps");
        var text = model.TextTower(golden.Tensor("input_ids"));
        var textFeatures = model.TextFeatures(golden.Tensor("input_ids"));
        var pixels_BCHW = golden.Tensor("pixel_values");
        var vision = model.VisionTower(pixels_BCHW, timesteps_B, outputHiddenStates: true);
        var imageFeatures = model.ImageFeatures(pixels_BCHW, timesteps_B);
        var timeEmbedding_BD = model.TimeEmbedding(timesteps_B);
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            if (output is "scores" or "init_image_features") continue;
            var actual = output switch
            {
                "text_last_hidden_state" => text.LastHiddenState_BLD,
                "text_pooled" => text.PoolerOutput_BD,
                "text_features" => textFeatures,
                "sinusoid" => Sinusoid.Embed(timesteps_B, (int)golden.Tensor(output).shape[1]),
                "t_emb" => timeEmbedding_BD,
                "adaln_pooled" => model.PooledModulation(timeEmbedding_BD),
                "vision_pooled" => vision.PoolerOutput_BD,
                "image_features" => imageFeatures,
                "image_features_grid" => stack([.. Enumerable.Range(0, (int)timesteps_B.shape[0])
                    .Select(t => model.ImageFeatures(pixels_BCHW, timesteps_B[t].expand(pixels_BCHW.shape[0])))]),
                "logits_per_image" => model.LogitsPerImage(imageFeatures, textFeatures),
                _ when Numbered(output, "vision_hidden_") is { } state => vision.HiddenStates[state],
                _ when Numbered(output, "adaln_layer") is { } layer => model.VisionLayers[layer].Modulation(timeEmbedding_BD),
                _ => null,
            };
            if (actual is null) check.Fail($"the reader doesn't know the output '{output}'");
            else check.Close(output, actual);
        }
    }

    static void CheckScores(GoldenCase golden, GoldenAssert check, TimeConditionedClipModel network)
    {
        var processor = ClipImageProcessor.Load(golden.Path("processor/preprocessor_config.json"));
        var model = new StepAwarePreferenceModel("spm", network, new JudgePreprocessing(processor.Size, processor.Normalisation!), new NoTokenizer());
        using var prompts = model.PrepareTokens(golden.Tensor("input_ids"));
        check.Close("scores", model.Score(golden.Tensor("images"), prompts, golden.Tensor("timesteps")));
    }

    static void CheckInitialisation(GoldenCase golden, GoldenAssert check)
    {
        using var weights = SafetensorsFile.Open(golden.Path("pickscore/model.safetensors"));
        var pickScore = ModuleLoading.Load(new ClipModel(ClipConfig.Load(golden.Path("pickscore/config.json")), META), weights);
        // The loaded weights are views of the mapped file.
        var model = new TimeConditionedClipModel(pickScore.Config);
        model.load_state_dict(pickScore.state_dict(), strict: false);
        model.ResetTimeConditioning();
        var (pixels_BCHW, timesteps_B) = (golden.Tensor("pixel_values"), golden.Tensor("timesteps"));
        check.Close("init_image_features", model.ImageFeatures(pixels_BCHW, timesteps_B), "image_features");
        check.Close("features of the plain model", pickScore.ImageFeatures(pixels_BCHW), golden.Tensor("init_image_features"), "image_features");
    }

    static int? Numbered(string output, string prefix) =>
        output.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(output.AsSpan(prefix.Length), CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The case brings its token ids.</summary>
    sealed class NoTokenizer : IPromptTokenizer
    {
        public int MaxLength => 0;

        public long[] Encode(string prompt) => [];
    }
}
