using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>Trains the LoRA on a round's pairs: shuffled minibatches, the SPO loss, AdamW (paper section 4.3).</summary>
/// <remarks>
/// Win and lose transitions that start from the same x_t share one policy and one reference forward pass: only distinct x_t enter the
/// batch. The reference policy is the same network with the adapter switched off.
/// <para>Gradient accumulation counts minibatches across rounds, as the reference does; unfinished gradients are part of the state.</para>
/// <para>Shape letters: M pairs of the minibatch, U distinct x_t in it, C channels, H and W latent rows and columns.</para>
/// </remarks>
public sealed class SpoTrainer(ITrainablePolicy policy, DdimScheduler ddim, SpoLoss loss, AdamW optimizer, TrainingSpecification training, Device device)
{
    /// <summary>Minibatches trained on so far, over all rounds; with the gradients it tells where accumulation stands.</summary>
    public int Minibatches { get; set; }

    /// <summary>Called after each backward pass, before the optimizer's step.</summary>
    public Action? AfterBackward { get; set; }

    /// <summary>Trains on the pairs of a round.</summary>
    /// <param name="pairs">In the order of their ids.</param>
    /// <param name="order">The shuffle, a permutation of 0..pairs-1.</param>
    /// <param name="prompts">Conditioning by prompt index.</param>
    public IReadOnlyList<MinibatchResult> Train(
        IReadOnlyList<PreferencePair> pairs, long[] order, IRoundConditioning prompts, Action<MinibatchResult>? onMinibatch = null, CancellationToken cancellation = default)
    {
        var results = new List<MinibatchResult>();
        foreach (var indices in order.Chunk(training.BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            var result = TrainMinibatch([.. indices.Select(i => pairs[(int)i])], prompts);
            results.Add(result);
            onMinibatch?.Invoke(result);
        }
        return results;
    }

    MinibatchResult TrainMinibatch(PreferencePair[] pairs, IRoundConditioning prompts)
    {
        using var scope = NewDisposeScope();
        var (latents_UCHW, winRows_M, loseRows_M) = DistinctLatents(pairs);
        var rows = RowsOf(pairs);
        var timesteps_U = tensor(rows.Select(r => r.Timestep).ToArray(), device: device);
        var conditioning = prompts.Rows([.. rows.Select(r => r.Id.PromptIndex)]);

        Tensor reference_UCHW;
        using (no_grad())
        using (policy.UseReference())
            reference_UCHW = policy.Predict(latents_UCHW, timesteps_U, conditioning);
        var policy_UCHW = policy.Predict(latents_UCHW, timesteps_U, conditioning);

        var timesteps_M = tensor(pairs.Select(p => p.Timestep).ToArray(), device: device);
        var logp = new PairLogProbabilities(
            Win: LogProb(policy_UCHW, winRows_M, pairs.Select(p => p.NextWin)),
            WinReference: LogProb(reference_UCHW, winRows_M, pairs.Select(p => p.NextWin)),
            Lose: LogProb(policy_UCHW, loseRows_M, pairs.Select(p => p.NextLose)),
            LoseReference: LogProb(reference_UCHW, loseRows_M, pairs.Select(p => p.NextLose)));
        var result = loss.Compute(logp);

        using var scaled = result.Loss / training.GradientAccumulation;
        Backpropagation.Run(scaled);
        AfterBackward?.Invoke();
        Minibatches++;
        double? gradientNorm = null;
        var steps = Minibatches % training.GradientAccumulation == 0;
        if (steps)
        {
            gradientNorm = optimizer.Step();
            optimizer.ZeroGrad();
        }
        return new MinibatchResult
        {
            Pairs = pairs.Length,
            LogProbWin = MinibatchResult.Floats(logp.Win),
            LogProbWinReference = MinibatchResult.Floats(logp.WinReference),
            LogProbLose = MinibatchResult.Floats(logp.Lose),
            LogProbLoseReference = MinibatchResult.Floats(logp.LoseReference),
            Metrics = result.ReadMetrics(),
            GradientNorm = gradientNorm,
            Stepped = steps,
        };

        Tensor LogProb(Tensor prediction_UCHW, Tensor rows_M, IEnumerable<Tensor> next)
        {
            var next_MCHW = stack(next.ToArray()).to(device);
            return ddim.LogProb(prediction_UCHW.index_select(0, rows_M), timesteps_M, latents_UCHW.index_select(0, rows_M), next_MCHW);
        }
    }

    /// <summary>Every x_t once, and which row each win and lose transition starts from.</summary>
    (Tensor Latents_UCHW, Tensor WinRows_M, Tensor LoseRows_M) DistinctLatents(PreferencePair[] pairs)
    {
        var latents = new List<Tensor>();
        long[] winRows = new long[pairs.Length], loseRows = new long[pairs.Length];
        for (int i = 0; i < pairs.Length; i++)
        {
            winRows[i] = latents.Count;
            latents.Add(pairs[i].CurrentWin);
            if (!pairs[i].SharesCurrent) latents.Add(pairs[i].CurrentLose);
            loseRows[i] = latents.Count - 1;
        }
        return (stack(latents).to(device), tensor(winRows, device: device), tensor(loseRows, device: device));
    }

    static PreferencePair[] RowsOf(PreferencePair[] pairs) => [.. pairs.SelectMany(p => p.SharesCurrent ? new[] { p } : [p, p])];
}
