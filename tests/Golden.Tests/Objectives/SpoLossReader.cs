using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Golden.Tests.Models;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>The SPO loss, its gradients and AdamW steps on the cases' tiny differentiable model.</summary>
public sealed class SpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) =>
        golden.Source.StartsWith("RockeyCoss/SPO", StringComparison.Ordinal) && golden.Has("loss.step0") && golden.Has("next_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new Replay(golden);
        var first = replay.LogProbabilities();
        check.Close("log_prob.win", first.Win);
        check.Close("log_prob.ref_win", first.WinReference);
        check.Close("log_prob.lose", first.Lose);
        check.Close("log_prob.ref_lose", first.LoseReference);
        var (unclampedWin, unclampedLose) = ((first.Win - first.WinReference).exp(), (first.Lose - first.LoseReference).exp());
        check.Close("ratio_unclamped.win", unclampedWin);
        check.Close("ratio_unclamped.lose", unclampedLose);
        check.Close("loss_per_sample", replay.Loss.Compute(first).LossPerPair);

        var metrics = replay.Loss.Compute(first).ReadMetrics();
        Tensor recordedWin = golden.Tensor("ratio.win"), recordedLose = golden.Tensor("ratio.lose");
        check.Close("mean of ratio.win", tensor((float)metrics.WinRatio), recordedWin.mean(), "ratio.win");
        check.Close("mean of ratio.lose", tensor((float)metrics.LoseRatio), recordedLose.mean(), "ratio.lose");
        var clipped = recordedWin.ne(golden.Tensor("ratio_unclamped.win")).sum() + recordedLose.ne(golden.Tensor("ratio_unclamped.lose")).sum();
        // The share is a float32 mean.
        check.Equal("clip share", (float)metrics.ClipShare, clipped.item<long>() / (2f * recordedWin.numel()));

        using var optimizer = replay.Optimizer();
        var steps = 0;
        for (; golden.Has($"loss.step{steps}"); steps++)
        {
            var loss = replay.Loss.Compute(replay.LogProbabilities()).Loss;
            check.Close($"loss.step{steps}", loss.detach().reshape(1));
            loss.backward();
            if (steps == 0)
                foreach (var (name, parameter) in replay.Policy) check.Close($"grad.{name}", parameter.grad!);
            optimizer.Step();
            optimizer.ZeroGrad();
        }
        foreach (var (name, parameter) in replay.Policy) check.Close($"after{steps}steps.{name}", parameter);
    }

    /// <summary>The case's model, batch and settings.</summary>
    sealed class Replay
    {
        readonly GoldenCase golden;
        readonly DdimScheduler ddim;
        readonly double? guidanceScale;
        readonly Dictionary<string, Tensor> reference;

        public Replay(GoldenCase golden)
        {
            this.golden = golden;
            var config = golden.Config;
            var scheduler = SchedulerConfig.Parse(config.GetProperty("scheduler"), golden.Folder)
                with
            { PredictionType = SchedulerCases.Prediction(config.GetProperty("prediction_type").GetString()!) };
            ddim = new(NoiseSchedule.Create(scheduler), config.GetProperty("steps").GetInt32(), config.GetProperty("eta").GetDouble(), DdimLastStep.ClampToFirst);
            // Without cfg the scale that is recorded nevertheless has no part.
            var isGuided = !(config.TryGetProperty("cfg", out var cfg) && cfg.ValueKind == JsonValueKind.False);
            guidanceScale = isGuided ? config.GetProperty("guidance_scale").GetDouble() : null;
            Loss = new(config.GetProperty("beta").GetDouble(), config.GetProperty("eps").GetDouble());
            Policy = Weights("policy.").ToDictionary(w => w.Key, w => new Parameter(w.Value.clone()));
            reference = Weights("reference.");
        }

        public SpoLoss Loss { get; }

        public Dictionary<string, Parameter> Policy { get; }

        public AdamW Optimizer()
        {
            JsonElement settings = golden.Config.GetProperty("optimizer"), betas = settings.GetProperty("betas");
            return new(Policy.Select(p => (p.Key, p.Value)), new OptimizerSpecification
            {
                LearningRate = settings.GetProperty("lr").GetDouble(),
                Beta1 = betas[0].GetDouble(),
                Beta2 = betas[1].GetDouble(),
                Epsilon = settings.GetProperty("eps").GetDouble(),
                WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
            });
        }

        public PairLogProbabilities LogProbabilities()
        {
            var policy = Policy.ToDictionary(p => p.Key, p => (Tensor)p.Value);
            return new(LogProb(policy, "win"), LogProb(reference, "win"), LogProb(policy, "lose"), LogProb(reference, "lose"));
        }

        Tensor LogProb(Dictionary<string, Tensor> model, string side)
        {
            var (x, t) = (golden.Tensor($"latents_{side}"), golden.Tensor("timesteps"));
            var epsilon = Predict(model, x, t, golden.Tensor("prompt"));
            if (guidanceScale is { } scale) epsilon = ClassifierFreeGuidance.Combine(Predict(model, x, t, golden.Tensor("negative_prompt")), epsilon, scale);
            return ddim.LogProb(epsilon, t, x, golden.Tensor($"next_{side}"));
        }

        /// <summary>The tiny model that the case's description gives.</summary>
        static Tensor Predict(Dictionary<string, Tensor> model, Tensor x, Tensor t, Tensor prompt)
        {
            var factor = 1 + 0.1 * (t.to(ScalarType.Float32) / 100).cos();
            var text = nn.functional.linear(prompt, model["text.weight"], model["text.bias"]);
            return nn.functional.conv2d(x, model["conv.weight"], model["conv.bias"], padding: [1, 1]) * factor.reshape(-1, 1, 1, 1)
                + text.unsqueeze(-1).unsqueeze(-1);
        }

        Dictionary<string, Tensor> Weights(string prefix) => golden.Tensors.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(k => k[prefix.Length..], golden.Tensor);
    }
}
