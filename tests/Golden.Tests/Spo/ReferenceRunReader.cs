using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Spo;

/// <summary>
/// Replays a recorded run of the reference's script through the product's own stages: the same draws must give the same pairs, and the
/// same scores, log-probabilities, losses, gradients and LoRA within float32.
/// </summary>
public sealed class ReferenceRunReader : IGoldenReader
{
    public string Area => "spo";

    public bool Understands(GoldenCase golden) =>
        golden.Json.TryGetProperty("draws", out _) && golden.Json.TryGetProperty("sampling_batches", out _) && golden.Json.TryGetProperty("minibatches", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var run = ReferenceRun.Specification(golden);
        using var model = DiffusionModel.Load(run.Model);
        using var judge = new RecordingJudge(ClipJudgeLoading.Load(run.Judge, model.Device));
        using var adapter = LoraAdapter.Attach(model.UNet, Factors(golden, "lora_initial", run.Lora.Alpha ?? run.Lora.Rank));
        var draws = ReferenceRun.Draws(golden);
        var plan = new MethodPlan(run);
        var sampling = new SamplingStage(model, adapter, plan, draws);
        using var scoring = new ScoringStage(model.Decoder, judge, plan, model.Schedule, draws);
        using var training = new TrainingStage(model, adapter, plan, draws);
        var schedule = new PromptSchedule(ReferenceRun.Prompts(golden), run);
        var expectedBatches = golden.Json.GetProperty("sampling_batches").GetArrayLength();
        check.Equal("rounds", schedule.RoundCount, expectedBatches);

        var minibatch = 0;
        training.BeforeLoss = inputs => CheckLogProbabilities(golden, check, minibatch, inputs);
        training.AfterBackward = () => CheckGradients(golden, check, adapter, minibatch);
        for (int round = 0; round < schedule.RoundCount; round++)
        {
            using var scope = NewDisposeScope();
            var prompts = schedule.Round(round);
            CheckConditioning(golden, check, model, judge, run, round, prompts);

            var pairs = schedule.Items(round).SelectMany(item => Pairs(plan, sampling, scoring, item, prompts)).OrderBy(p => p.Id).ToArray();
            CheckScores(golden, check, round, judge.TakeCalls());
            CheckPairs(golden, check, round, pairs);
            training.TrainRound(round, pairs, prompts, result => CheckMinibatch(golden, check, minibatch++, result));
        }
        check.Equal("minibatches", minibatch, golden.Json.GetProperty("minibatches").GetArrayLength());
        check.Equal("draws left over", draws.Left, 0);
        CheckLora(golden, check, adapter);
    }

    static void CheckConditioning(
        GoldenCase golden, GoldenAssert check, DiffusionModel model, RecordingJudge judge, RunSpecification run, int round, IReadOnlyList<string> prompts)
    {
        using var conditioning = new RoundConditioning(model.Prompts, prompts, guided: true);
        var rows = conditioning.Rows([.. Enumerable.Range(0, prompts.Count)]);
        var (prompt, negative) = ((UNetConditioning)rows.Prompt, (UNetConditioning)rows.Negative!);
        check.Close($"batch{round}.prompt_embeds", prompt.EncoderHiddenStates, "batch.prompt_embeds");
        check.Close($"batch{round}.negative_prompt_embeds", negative.EncoderHiddenStates, "batch.negative_prompt_embeds");
        if (golden.Has($"batch{round}.pooled_prompt_embeds"))
        {
            check.Close($"batch{round}.pooled_prompt_embeds", prompt.TextEmbeds!, "batch.pooled_prompt_embeds");
            check.Close($"batch{round}.negative_pooled_prompt_embeds", negative.TextEmbeds!, "batch.negative_pooled_prompt_embeds");
            check.Close($"batch{round}.pairs.add_time_ids", prompt.TimeIds![..1].to(ScalarType.Float32), "batch.pairs.add_time_ids");
            check.Close($"batch{round}.pairs.negative_add_time_ids", negative.TimeIds![..1].to(ScalarType.Float32), "batch.pairs.negative_add_time_ids");
        }
        // The reference repeats the prompts' ids once for each candidate.
        var ids = judge.Inner.Tokenizer.EncodeBatch(prompts).repeat(run.Sampling.Candidates, 1);
        check.Equal($"batch{round}.spm_input_ids", ids, golden.Tensor($"batch{round}.spm_input_ids"));
    }

    static void CheckScores(GoldenCase golden, GoldenAssert check, int round, IReadOnlyList<RecordingJudge.Call> calls)
    {
        for (int call = 0; call < calls.Count; call++)
        {
            var name = $"batch{round}.score{call}";
            check.Equal($"{name}.timesteps", calls[call].Timesteps.to(ScalarType.Int64), golden.Tensor($"{name}.timesteps"));
            check.Close($"{name}.scores", calls[call].Scores, "batch.score.scores");
            if (golden.Has($"{name}.image")) check.Close($"{name}.image", calls[call].Images, "batch.score.image");
        }
        check.Close($"batch{round}.pairs.preference_scores", cat([.. calls.Select(c => c.Scores)]), "batch.pairs.preference_scores");
        check.Equal($"batch{round}: calls of the scorer", golden.Has($"batch{round}.score{calls.Count}.scores"), false);
    }

    static void CheckPairs(GoldenCase golden, GoldenAssert check, int round, TrainingSample[] pairs)
    {
        var name = $"batch{round}.pairs";
        check.Equal($"{name}: count", pairs.Length, golden.Json.GetProperty("sampling_batches")[round].GetProperty("pairs").GetInt32());
        if (pairs.Length == 0) return;
        check.Equal($"{name}.timesteps", tensor(pairs.Select(p => (long)p.Timestep).ToArray()).unsqueeze(1), golden.Tensor($"{name}.timesteps"));
        // Single-step recordings hold the shared x_t once, MSPO's hold it for win and lose.
        var single = golden.Tensor($"{name}.current_latents").shape[1] == 1;
        check.Close($"{name}.current_latents",
            stack([.. pairs.Select(p => stack(single ? [p.Win.Current] : [p.Win.Current, p.Lose!.Current]))]), "batch.pairs.current_latents");
        check.Close($"{name}.next_latents", stack([.. pairs.Select(p => stack([p.Win.Next!, p.Lose!.Next!]))]), "batch.pairs.next_latents");
    }

    static void CheckMinibatch(GoldenCase golden, GoldenAssert check, int index, MinibatchResult result)
    {
        var name = $"minibatch{index}";
        var recorded = golden.Json.GetProperty("minibatches")[index];
        check.Equal($"{name}.size", result.Samples, recorded.GetProperty("size").GetInt32());
        check.Equal($"{name}.sync_gradients", result.Stepped, recorded.GetProperty("sync_gradients").GetBoolean());
        check.Close($"{name}.loss", tensor(new[] { (float)result.Loss }), "minibatch.loss");
    }

    static void CheckLogProbabilities(GoldenCase golden, GoldenAssert check, int index, ObjectiveInputs inputs)
    {
        using var noGradient = no_grad();
        Check("win", inputs.Win);
        Check("lose", inputs.Lose!);

        void Check(string side, SampleSide of)
        {
            check.Close($"minibatch{index}.logp_{side}", LogProb(of, of.Policy_MCHW), $"minibatch.logp_{side}");
            check.Close($"minibatch{index}.logp_ref_{side}", LogProb(of, of.Reference_MCHW!), $"minibatch.logp_ref_{side}");
        }

        Tensor LogProb(SampleSide side, Tensor prediction) => inputs.Process.LogProb(prediction, side.Timesteps_M, side.Current_MCHW, side.Next_MCHW!);
    }

    static void CheckGradients(GoldenCase golden, GoldenAssert check, LoraAdapter adapter, int index)
    {
        foreach (var (name, parameter) in adapter.NamedParameters)
        {
            if (golden.Has($"minibatch{index}.grad.{name}")) check.Close($"minibatch{index}.grad.{name}", parameter.grad!, "minibatch.grad");
        }
    }

    /// <summary>
    /// Sixteen times the recorded error instead of four: Adam divides by the root of the second moment, so where a gradient nearly
    /// cancels, its rounding error is magnified without a bound, and the one recorded error is a draw from a heavy tail.
    /// </summary>
    static void CheckLora(GoldenCase golden, GoldenAssert check, LoraAdapter adapter)
    {
        var bound = 16 * golden.Tolerance("lora_final").MaxError;
        foreach (var (name, parameter) in adapter.NamedParameters)
            check.Within($"lora_final.{name}", parameter, golden.Tensor($"lora_final.{name}"), bound);
        if (golden.Json.TryGetProperty("lora_update", out var update)) CheckUpdate(golden, check, adapter, update.GetProperty("relative_l2").GetDouble());
    }

    /// <summary>
    /// The largest difference of one weight can be larger than any update, so that it would not notice an adapter that was never trained:
    /// the update as a whole, of which such an adapter lacks everything (1). The same sixteen times, and never more than half.
    /// </summary>
    static void CheckUpdate(GoldenCase golden, GoldenAssert check, LoraAdapter adapter, double recordedError)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var bound = Math.Min(16 * recordedError, 0.5);
        var (difference, update) = (new List<Tensor>(), new List<Tensor>());
        foreach (var (name, parameter) in adapter.NamedParameters)
        {
            var (initial, final) = (Wide(golden.Tensor($"lora_initial.{name}")), Wide(golden.Tensor($"lora_final.{name}")));
            difference.Add((Wide(parameter) - final).flatten());
            update.Add((final - initial).flatten());
        }
        var error = cat(difference).norm().item<double>() / cat(update).norm().item<double>();
        check.AtMost("lora_update, relative L2 of the whole update", error, bound);

        static Tensor Wide(Tensor tensor) => tensor.detach().cpu().to_type(ScalarType.Float64);
    }

    static Dictionary<string, LoraFactors> Factors(GoldenCase golden, string prefix, double alpha)
    {
        const string down = ".lora_A.weight", up = ".lora_B.weight";
        return golden.Tensors.Tensors.Keys.Where(k => k.StartsWith(prefix + ".", StringComparison.Ordinal) && k.EndsWith(down, StringComparison.Ordinal))
            .Select(k => k[(prefix.Length + 1)..^down.Length])
            .ToDictionary(path => path, path => new LoraFactors(golden.Tensor($"{prefix}.{path}{down}"), golden.Tensor($"{prefix}.{path}{up}"), alpha));
    }

    static IEnumerable<TrainingSample> Pairs(MethodPlan plan, SamplingStage sampling, ScoringStage scoring, ItemDraw item, IReadOnlyList<string> prompts)
    {
        var pairs = new List<TrainingSample>();
        using var pools = sampling.Begin(item, prompts);
        while (pools.Next() is { } pool)
        {
            using (pool)
            using (var scored = scoring.Score(pool, [.. item.PromptIndices.Select(i => prompts[i])]))
                pairs.AddRange(SampleBuilder.Build(pool, scored, plan));
        }
        return pairs;
    }
}
