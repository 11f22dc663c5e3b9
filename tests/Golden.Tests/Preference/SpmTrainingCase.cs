using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>Parts of a training case of the step-aware model.</summary>
static class SpmTrainingCase
{
    /// <summary>The original's, stated in the cases' text only.</summary>
    public const double VerdictThreshold = 0.1;

    const int WarmupSteps = 500, XlResolution = 1024;

    public static TimeConditionedClipModel Network(GoldenCase golden, string file, string prefix)
    {
        using var source = SafetensorsFile.Open(golden.Path(file));
        var network = new TimeConditionedClipModel(ClipConfig.Load(golden.Path("pickscore/config.json")));
        Assert.Equal(network.state_dict().Keys.Select(k => prefix + k).Order(StringComparer.Ordinal), source.Tensors.Keys.Order(StringComparer.Ordinal));
        using var noGradient = no_grad();
        // Copies: training writes to the parameters, and the mapped file is read-only.
        foreach (var (key, target) in network.state_dict()) target.copy_(source.Load(prefix + key));
        return network;
    }

    /// <summary>Both images through the frozen base model.</summary>
    public static (DistortedImages First, DistortedImages Second) Distort(GoldenCase golden, GoldenAssert check)
    {
        var xl = Directory.Exists(golden.Path("sdxl"));
        using var model = DiffusionModel.Load(new ModelSpecification
        {
            Path = golden.Path(xl ? "sdxl" : "sd15"),
            Vae = xl ? golden.Path("sdxl-vae-fp16-fix") : null,
        });
        var prompts = xl ? model.Prompts.ForImages(SizeConditioning.Of(XlResolution, XlResolution)) : model.Prompts;
        var positive = xl ? prompts.EncodeIds(golden.Tensor("sd_input_ids_0"), golden.Tensor("sd_input_ids_1")) : prompts.EncodeIds(golden.Tensor("sd_input_ids"));
        var negative = Repeat(prompts.EncodeUnconditional(), positive.EncoderHiddenStates.shape[0]);
        check.Close("prompt_embeds", positive.EncoderHiddenStates);
        check.Close("negative_prompt_embeds", negative.EncoderHiddenStates);
        if (xl)
        {
            check.Close("added_text_embeds", cat([negative.TextEmbeds!, positive.TextEmbeds!]));
            check.Close("added_time_ids", cat([negative.TimeIds!, positive.TimeIds!]));
        }
        var distortion = new PairDistortion(model.UNet, model.Decoder.Vae, model.Schedule, golden.Config.GetProperty("cfg_scale").GetDouble());
        DistortedImages One(int image)
        {
            var all = distortion.Distort(golden.Tensor($"image_{image}"), golden.Tensor("draw_timesteps"), golden.Tensor($"draw_vae_{image}"),
                golden.Tensor("draw_noise"), negative, positive);
            check.Close($"vae_moments_{image}", all.Moments);
            check.Close($"latents_{image}", all.Latents);
            check.Close($"noised_{image}", all.Noised);
            // The original computes both halves at any scale; the product leaves out the negative one where it cannot matter.
            if (distortion.IsGuided) check.Close($"unet_{image}", all.Prediction);
            else check.Close($"unet_{image}", all.Prediction, golden.Tensor($"unet_{image}").chunk(2)[1], $"unet_{image}");
            check.Close($"guided_{image}", all.Guided);
            check.Close($"x0_{image}", all.X0);
            check.Close($"decoded_{image}", all.Decoded);
            return all;
        }
        return (One(0), One(1));
    }

    static UNetConditioning Repeat(UNetConditioning one, long rows) => new(
        one.EncoderHiddenStates.expand(rows, -1, -1), one.TextEmbeds?.expand(rows, -1), one.TimeIds?.expand(rows, -1));

    /// <summary>The data set's labels, or PickScore's verdict on the undistorted pictures.</summary>
    public static PairLabels Labels(GoldenCase golden, GoldenAssert check)
    {
        var examples_B = golden.Tensor("num_examples_per_prompt");
        if (!golden.Has("pil_0")) return new PairLabels(golden.Tensor("label_0"), golden.Tensor("label_1"), examples_B);
        using var noGradient = no_grad();
        using var source = SafetensorsFile.Open(golden.Path("pickscore/model.safetensors"));
        var pickScore = ModuleLoading.Load(new ClipModel(ClipConfig.Load(golden.Path("pickscore/config.json")), META), source);
        var processor = ClipImageProcessor.Load(golden.Path("processor/preprocessor_config.json"));
        var text_BP = ClipFeatures.Normalize(pickScore.TextFeatures(golden.Tensor("input_ids")));
        Tensor Scores(string name)
        {
            var pictures_BHWC = golden.Tensor(name);
            var pixels_BCHW = stack([.. Enumerable.Range(0, (int)pictures_BHWC.shape[0]).Select(i => processor.Process(
                new PixelImage((int)pictures_BHWC.shape[1], (int)pictures_BHWC.shape[2], 3, pictures_BHWC[i].contiguous().data<byte>().ToArray())))]);
            return ClipFeatures.RowScores(pickScore.LogitScale, pickScore.ImageFeatures(pixels_BCHW), text_BP);
        }
        var labels = PairLabels.FromScores(stack([Scores("pil_0"), Scores("pil_1")], -1), examples_B, VerdictThreshold);
        check.Equal("label_0_used", labels.First_B, golden.Tensor("label_0_used"));
        check.Equal("label_1_used", labels.Second_B, golden.Tensor("label_1_used"));
        return labels;
    }

    /// <summary>The recorded optimizer steps, at each of the recorded learning rates.</summary>
    public static void CheckSteps(GoldenCase golden, GoldenAssert check, PairBatch firstBatch)
    {
        var recorded = golden.Json.GetProperty("training_steps");
        foreach (var (name, exact, suffix) in new[] { ("reference", "float64", ""), ("lr1000x", "lr1000x_float64", "_lr1000x") })
        {
            if (!recorded.TryGetProperty(name, out var run)) continue;
            var network = Network(golden, "spm_init.safetensors", "model.");
            var rates = Numbers(run, "lr");
            var optimizer = golden.Json.GetProperty("optimizer");
            var total = optimizer.GetProperty("max_steps").GetProperty("sd15").GetInt32();
            using var trainer = new PreferenceTrainer(new JudgeNetwork(network), Optimizer(optimizer),
                new WarmupDecay(rates[0], WarmupSteps, total, WarmupShape.LogarithmicAsRecorded));
            for (var step = 0; step < rates.Length; step++)
            {
                var result = trainer.Step(step == 0 ? firstBatch : Batch(golden, step));
                void Near(string what, double actual)
                {
                    var (float32, float64) = (Numbers(recorded.GetProperty(name), what), Numbers(recorded.GetProperty(exact), what));
                    // One step's difference may be small by chance: the largest of the run counts.
                    var error = float32.Zip(float64, (a, b) => Math.Abs(a - b)).Max();
                    check.Within($"{name} step {step} {what}", tensor(actual), tensor(float32[step]), Math.Max(4 * error, 5e-7 * Math.Abs(float32[step])));
                }
                Near("lr", result.LearningRate);
                Near("loss", result.Loss);
                Near("grad_norm", result.GradientNorm);
                var file = $"after_step{step + 1}{suffix}.safetensors";
                if (File.Exists(golden.Path(file))) CheckTensors(golden, check, file, network.named_parameters().ToDictionary(p => "model." + p.name, p => (Tensor)p.parameter));
            }
        }
    }

    static OptimizerSpecification Optimizer(JsonElement recorded) => new()
    {
        Beta1 = recorded.GetProperty("betas")[0].GetDouble(),
        Beta2 = recorded.GetProperty("betas")[1].GetDouble(),
        Epsilon = recorded.GetProperty("eps").GetDouble(),
        WeightDecay = recorded.GetProperty("weight_decay").GetDouble(),
        MaxGradNorm = recorded.GetProperty("gradient_clipping").GetDouble(),
    };

    static double[] Numbers(JsonElement run, string what) => [.. run.GetProperty(what).EnumerateArray().Select(v => v.GetDouble())];

    static PairBatch Batch(GoldenCase golden, int step)
    {
        Tensor Part(string name) => golden.Tensor($"step{step}/{name}");
        return new PairBatch(Part("input_ids"), Part("spm_pixels_0"), Part("spm_pixels_1"), Part("timesteps"),
            new PairLabels(Part("label_0"), Part("label_1"), Part("num_examples_per_prompt")));
    }

    /// <summary>A file of tensors by parameter. Parameters whose gradient is only rounding noise are left out: Adam makes it a whole step.</summary>
    public static void CheckTensors(GoldenCase golden, GoldenAssert check, string file, IReadOnlyDictionary<string, Tensor> actual)
    {
        using var expected = SafetensorsFile.Open(golden.Path(file));
        check.Equal($"{file}: keys", string.Join(' ', expected.Tensors.Keys.Order(StringComparer.Ordinal)), string.Join(' ', actual.Keys.Order(StringComparer.Ordinal)));
        var noise = golden.Json.TryGetProperty("noise_only_parameters", out var names) ? names.EnumerateArray().Select(n => n.GetString()!).ToHashSet() : [];
        foreach (var key in expected.Tensors.Keys.Where(k => !noise.Contains(k) && actual.ContainsKey(k)))
            check.Close($"{file}: {key}", actual[key], expected.Load(key), file);
    }
}
