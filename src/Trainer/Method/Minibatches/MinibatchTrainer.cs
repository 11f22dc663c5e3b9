using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Minibatches;

/// <summary>
/// Trains the LoRA on a round's samples, whatever the objective: shuffled minibatches, the networks' predictions, the loss, AdamW (paper
/// section 4.3).
/// </summary>
/// <remarks>
/// Gradient accumulation counts minibatches across rounds, as the reference does; unfinished gradients are part of the state.
/// <para>Shape letters: U distinct x_t of the minibatch, C channels, H and W latent rows and columns.</para>
/// </remarks>
public sealed class MinibatchTrainer(
    GuidedDenoiser policy, IDiffusionProcess process, NoiseSchedule schedule, IObjective objective, AdamW optimizer, TrainingSpecification training,
    IRandomSource random, Device device)
{
    /// <summary>Minibatches trained on so far, over all rounds; with the gradients it tells where accumulation stands.</summary>
    public int Minibatches { get; set; }

    /// <summary>Called before each loss: what the objective is given can be looked at.</summary>
    public Action<ObjectiveInputs>? BeforeLoss { get; set; }

    /// <summary>Called after each backward pass, before the optimizer's step.</summary>
    public Action? AfterBackward { get; set; }

    /// <summary>Trains on the samples of a round.</summary>
    /// <param name="samples">In the order of their ids.</param>
    /// <param name="order">The shuffle, a permutation of 0..samples-1.</param>
    /// <param name="epoch">Which pass over the round's samples this is.</param>
    /// <param name="prompts">Conditioning by prompt index.</param>
    /// <param name="advantages">Of the samples' chains, by id with step 0; null if the objective needs none.</param>
    /// <param name="onMinibatch">Called after each minibatch.</param>
    /// <param name="cancellation">Checked before each minibatch.</param>
    public IReadOnlyList<MinibatchResult> Train(
        IReadOnlyList<TrainingSample> samples, long[] order, int epoch, IPromptConditioning prompts, IReadOnlyDictionary<SampleId, double>? advantages = null,
        Action<MinibatchResult>? onMinibatch = null, CancellationToken cancellation = default)
    {
        var results = new List<MinibatchResult>();
        foreach (var minibatch in Minibatch.Cut(samples, order, training.BatchSize))
        {
            cancellation.ThrowIfCancellationRequested();
            var result = TrainMinibatch(minibatch, epoch, prompts, advantages);
            results.Add(result);
            onMinibatch?.Invoke(result);
        }
        return results;
    }

    MinibatchResult TrainMinibatch(TrainingSample[] samples, int epoch, IPromptConditioning prompts, IReadOnlyDictionary<SampleId, double>? advantages)
    {
        using var scope = NewDisposeScope();
        var batch = objective.Samples == SampleKind.NoisedPair
            ? Minibatch.OfImages(samples, epoch, schedule, random, device)
            : Minibatch.OfTransitions(samples, device);
        var conditioning = prompts.Rows(batch.Prompts, batch.Sizes);
        Tensor Predict() => policy.Predict(batch.Latents_UCHW, batch.Timesteps_U, conditioning);

        Tensor? reference_UCHW = null;
        if (objective.Networks.HasFlag(ObjectiveNetworks.Reference))
        {
            using (no_grad())
            using (policy.Denoiser.UseReference())
                reference_UCHW = Predict();
        }
        var shape = batch.Latents_UCHW.shape;
        var inputs = batch.Inputs(process, Predict(), reference_UCHW, null,
            objective.UsesNoise ? (id, candidate) => random.NoiseOfCandidate(id.Round, id.PromptIndex, id.Step, candidate, shape[1], shape[2], shape[3]) : null, advantages);
        BeforeLoss?.Invoke(inputs);
        var result = objective.Compute(inputs);

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
            Samples = samples.Length,
            Loss = result.LossPerSample.mean().item<float>(),
            Metrics = result.ReadMetrics(),
            GradientNorm = gradientNorm,
            Stepped = steps,
        };
    }
}
