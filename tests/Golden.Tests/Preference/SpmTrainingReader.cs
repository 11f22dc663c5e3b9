using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.Training;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>Steps of the original's training of the step-aware model: distortion, features, loss, gradients, optimizer, evaluation.</summary>
public sealed class SpmTrainingReader : IGoldenReader
{
    const string Prefix = "model.";

    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("SPMTask", StringComparison.Ordinal) && File.Exists(golden.Path("spm_init.safetensors"));

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        CheckInitialisation(golden, check);
        var (first, second) = SpmTrainingCase.Distort(golden, check);
        var labels = SpmTrainingCase.Labels(golden, check);
        var size = golden.Config.GetProperty("spm_image_size").GetInt32();
        var preprocessing = new JudgePreprocessing(size, ClipImageProcessor.Load(golden.Path("processor/preprocessor_config.json")).Normalisation!);
        var batch = new PairBatch(golden.Tensor("input_ids"), preprocessing.ForTraining(first.Decoded), preprocessing.ForTraining(second.Decoded),
            golden.Tensor("draw_timesteps"), labels);
        check.Equal("timesteps", batch.Timesteps_B, golden.Tensor("timesteps"));
        check.Close("spm_pixels_0", batch.First_BCHW);
        check.Close("spm_pixels_1", batch.Second_BCHW);
        // Every stage from its recorded inputs: what an earlier one was allowed to differ by is no error of the later one.
        batch = batch with { First_BCHW = golden.Tensor("spm_pixels_0"), Second_BCHW = golden.Tensor("spm_pixels_1") };
        CheckFirstStep(golden, check, batch);
        if (golden.Json.TryGetProperty("training_steps", out _)) SpmTrainingCase.CheckSteps(golden, check, batch);
        CheckEvaluation(golden, check);
    }

    static void CheckInitialisation(GoldenCase golden, GoldenAssert check)
    {
        if (!golden.Config.TryGetProperty("zero_after_init_adaln_paras", out var zeros)) return;
        var network = SpmTrainingCase.Network(golden, "spm_init.safetensors", Prefix);
        network.ResetTimeConditioning();
        var state = network.state_dict();
        foreach (var key in zeros.EnumerateArray().Select(k => k.GetString()!))
            check.Equal($"{key} after the reset", state[key[Prefix.Length..]].count_nonzero().item<long>(), 0L);
    }

    static void CheckFirstStep(GoldenCase golden, GoldenAssert check, PairBatch batch)
    {
        var network = SpmTrainingCase.Network(golden, "spm_init.safetensors", Prefix);
        using var trainer = new PreferenceTrainer(new JudgeNetwork(network), PreferenceTrainer.OriginalOptimizer, new WarmupDecay(0, 1, 1, WarmupShape.Linear));
        var features = new JudgeNetwork(network).Features(batch);
        check.Close("text_features", features.Text_BP);
        check.Close("image_0_features", features.First_BP);
        check.Close("image_1_features", features.Second_BP);
        check.Close("scores", features.Scores());
        // A probability's slope by the difference of its two scores is at most a quarter. Cross entropy's is at most 1, and the weights of the pairs add up to 1.
        check.CloseThrough("probabilities", features.Scores().softmax(-1), "scores", slope: 0.5);
        check.CloseThrough("loss", tensor((float)trainer.Backward(batch)), "scores", slope: 2);
        SpmTrainingCase.CheckTensors(golden, check, "gradients_step0.safetensors", network.named_parameters().ToDictionary(p => Prefix + p.name, p => p.parameter.grad!));

        var recorded = features with
        {
            Text_BP = golden.Tensor("text_features"),
            First_BP = golden.Tensor("image_0_features"),
            Second_BP = golden.Tensor("image_1_features"),
        };
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).Where(o => o.StartsWith("loss_scale", StringComparison.Ordinal)))
        {
            // loss_scale50, loss_scale50_in_batch_negatives
            var scale = double.Parse(output.Split('_')[1]["scale".Length..], System.Globalization.CultureInfo.InvariantCulture);
            check.Close(output, PreferenceCriterion.Loss(recorded with { Scale = tensor((float)scale) }, batch.Labels, output.EndsWith("_in_batch_negatives", StringComparison.Ordinal)));
        }
        check.Close("loss", PreferenceCriterion.Loss(recorded, batch.Labels));
    }

    static void CheckEvaluation(GoldenCase golden, GoldenAssert check)
    {
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).Where(o => o.EndsWith("_is_correct", StringComparison.Ordinal)))
        {
            var labels = new PairLabels(golden.Tensor("eval_label_0"), golden.Tensor("eval_label_1"), ones_like(golden.Tensor("eval_label_0")));
            check.Equal(output, labels.Accuracy(golden.Tensor(output[..^"_is_correct".Length] + "_probabilities")), golden.Tensor(output));
        }
        if (!golden.Has("pickscore_scores")) return;
        var scores_B2 = golden.Tensor("pickscore_scores");
        var verdict = PairLabels.FromScores(scores_B2, ones(scores_B2.shape[0]), SpmTrainingCase.VerdictThreshold);
        check.Equal("pickscore_label_0", verdict.First_B, golden.Tensor("pickscore_label_0"));
        check.Equal("pickscore_label_1", verdict.Second_B, golden.Tensor("pickscore_label_1"));
    }
}
