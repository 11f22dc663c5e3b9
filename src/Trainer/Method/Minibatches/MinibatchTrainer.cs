using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method.Samples;
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
/// Gradient accumulation counts minibatches across rounds, as the reference does, unless the remainder of a pass is to step; unfinished
/// gradients are part of the state.
/// <para>Shape letters: U distinct x_t of the minibatch, C channels, H and W latent rows and columns.</para>
/// </remarks>
public sealed class MinibatchTrainer(
    GuidedDenoiser policy, IDiffusionProcess process, NoiseSchedule schedule, IObjective objective, AccumulatingOptimizer optimizer, TrainingSpecification training,
    IRandomSource random, Device device)
{
    /// <summary>Called before each loss: what the objective is given can be looked at.</summary>
    public Action<ObjectiveInputs>? BeforeLoss { get; set; }

    /// <summary>Called after each backward pass, before the optimizer's step.</summary>
    public Action? AfterBackward { get; set; }

    /// <summary>Called after each minibatch, and whether a step changed the adapter.</summary>
    public Action<bool>? AfterMinibatch { get; set; }

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
        TrainingSample[][] minibatches = [.. Minibatch.Cut(samples, order, training.BatchSize)];
        for (int i = 0; i < minibatches.Length; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            var stepsAnyway = i == minibatches.Length - 1 && training.AccumulationRemainder == AccumulationRemainder.Step;
            var result = TrainMinibatch(minibatches[i], epoch, prompts, advantages, stepsAnyway);
            results.Add(result);
            onMinibatch?.Invoke(result);
        }
        return results;
    }

    MinibatchResult TrainMinibatch(TrainingSample[] samples, int epoch, IPromptConditioning prompts, IReadOnlyDictionary<SampleId, double>? advantages, bool stepsAnyway)
    {
        using var scope = NewDisposeScope();
        var batch = objective.Samples == SampleKind.NoisedPair
            ? Minibatch.OfImages(samples, epoch, schedule, random, device)
            : Minibatch.OfTransitions(samples, device);
        var conditioning = prompts.Rows(batch.Prompts, batch.Sizes);
        var reference_UCHW = objective.Networks.HasFlag(ObjectiveNetworks.Reference) ? Without(policy.Denoiser.UseReference) : null;
        var slow_UCHW = objective.Networks.HasFlag(ObjectiveNetworks.Slow) ? Without(policy.Denoiser.UseSlowCopy) : null;
        var inputs = batch.Inputs(process, Predict(), reference_UCHW, slow_UCHW, objective.UsesNoise ? NoiseOf : null, advantages);
        BeforeLoss?.Invoke(inputs);
        var result = objective.Compute(inputs);

        optimizer.Backward(result.Loss);
        AfterBackward?.Invoke();
        var step = optimizer.Advance(stepsAnyway);
        var stepped = step is { WasSkipped: false };
        AfterMinibatch?.Invoke(stepped);
        return new MinibatchResult
        {
            Samples = samples.Length,
            Loss = result.LossPerSample.mean().item<float>(),
            Metrics = result.ReadMetrics(),
            GradientNorm = stepped ? step!.GradientNorm : null,
            Stepped = stepped,
        };

        Tensor Predict() => policy.Predict(batch.Latents_UCHW, batch.Timesteps_U, conditioning);

        Tensor Without(Func<IDisposable> use)
        {
            using var noGradient = no_grad();
            using var other = use();
            return Predict();
        }

        Tensor NoiseOf(SampleId id, int candidate)
        {
            var shape = batch.Latents_UCHW.shape;
            return random.NoiseOfCandidate(id.Round, id.PromptIndex, id.Step, candidate, shape[1], shape[2], shape[3]);
        }
    }
}
