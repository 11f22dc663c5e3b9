using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// Samples the trajectories of an item and hands over its candidate pools (paper section 4.2; MSPO: its multi-step form).
/// </summary>
/// <remarks>
/// <code>
/// x_T ~ N(0, I)
/// for t before the divert step:  x_{t-1} ~ p(x_{t-1} | x_t), one path a prompt
/// for every segment:             k candidates x_{t-1} from the same x_t; each goes on alone for the inner steps;
///                                x̂0 of all k  ──► sink (decode, score, win/lose: elsewhere, later)
///                                one of the k at random becomes the next x_t
/// </code>
/// The pick needs no score, so nothing here waits for one.
/// <para>Shape letters: K candidates, B prompts, C channels, H and W latent rows and columns; N is K * B, path-major.</para>
/// </remarks>
public sealed class CandidateSampler(DdimScheduler ddim, SamplingSpecification sampling, LatentSize size, IRandomSource random, Device device)
{
    readonly SegmentPlan plan = SegmentPlan.Create(sampling);

    /// <summary>Candidate pools that an item yields.</summary>
    public int PoolCount => plan.Segments.Count;

    /// <summary>Denoising steps of an item; fewer than T where the plan ends early.</summary>
    public int StepCount => plan.Segments[^1].End + 1;

    /// <summary>Samples one item; its pools go to the sink in order.</summary>
    /// <param name="onStep">Called after every denoising step, with the number of steps done.</param>
    public void Sample(ItemDraw item, IPromptedDenoiser denoiser, IPoolSink sink, Action<int>? onStep = null, CancellationToken cancellation = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var k = sampling.Candidates;

        var x_BCHW = ToDevice(random.InitialLatents(item, size.Channels, size.Height, size.Width)) * ddim.InitNoiseSigma;
        for (int step = 0; step < plan.Segments[0].Start; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var stepScope = NewDisposeScope();
            var noise = ToDevice(random.StepNoise(item, step, 1, size.Channels, size.Height, size.Width));
            x_BCHW = Replace(x_BCHW, Step(denoiser, x_BCHW, step, copies: 1, noise));
            onStep?.Invoke(step + 1);
        }

        Prediction? picked = null;
        for (int index = 0; index < plan.Segments.Count; index++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var segmentScope = NewDisposeScope();
            var segment = plan.Segments[index];
            var transitions = new List<Transition>();

            // k candidates from the same x_t. The first segment predicts for one path; later ones reuse the prediction made for scoring.
            picked ??= Predict(denoiser, x_BCHW, segment.Start, copies: 1);
            var (mean_BCHW, std) = ddim.MeanAndStd(picked.X0, picked.Epsilon, ddim.Timesteps[segment.Start]);
            var noise_KBCHW = ToDevice(random.CandidateNoise(item, segment.Start, k, size.Channels, size.Height, size.Width));
            var next_KBCHW = mean_BCHW.unsqueeze(0) + std * noise_KBCHW;
            transitions.Add(new Transition(segment.Start, ddim.Timesteps[segment.Start], x_BCHW.unsqueeze(0), next_KBCHW));
            onStep?.Invoke(segment.Start + 1);

            // MSPO's inner steps: each candidate goes on alone.
            for (int step = segment.Start + 1; step <= segment.End; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var current_KBCHW = next_KBCHW;
                var noise_NCHW = ToDevice(random.StepNoise(item, step, k, size.Channels, size.Height, size.Width));
                next_KBCHW = Step(denoiser, current_KBCHW.flatten(0, 1), step, k, noise_NCHW).view(current_KBCHW.shape);
                transitions.Add(new Transition(step, ddim.Timesteps[step], current_KBCHW, next_KBCHW));
                onStep?.Invoke(step + 1);
            }

            // What is scored: x̂0 seen from the next step, or x_0 itself after the last.
            var isLast = segment.End == plan.Steps - 1;
            var prediction = isLast ? null : Predict(denoiser, next_KBCHW.flatten(0, 1), segment.End + 1, k);
            var clean_KBCHW = isLast ? next_KBCHW : prediction!.X0.view(next_KBCHW.shape);
            var scores_KB = sink.Deliver(new CandidatePool
            {
                Item = item,
                SegmentIndex = index,
                Clean = clean_KBCHW.clone().DetachFromDisposeScope(),
                ScoreTimestep = isLast ? 0 : ddim.Timesteps[segment.End + 1],
                Transitions = [.. transitions.Select(t => t with { Current = Keep(t.Current), Next = Keep(t.Next) })],
            });
            if (index == plan.Segments.Count - 1) return;

            // The next x_t, and the prediction already made for it.
            var pick_B = Pick(item, segment.End + 1, k, scores_KB);
            x_BCHW = Replace(x_BCHW, Gather(next_KBCHW, pick_B));
            picked?.Dispose();
            picked = new Prediction(
                Gather(prediction!.X0.view(next_KBCHW.shape), pick_B).MoveToOuterDisposeScope(),
                Gather(prediction.Epsilon.view(next_KBCHW.shape), pick_B).MoveToOuterDisposeScope());
        }
    }

    sealed record Prediction(Tensor X0, Tensor Epsilon) : IDisposable
    {
        public void Dispose()
        {
            X0.Dispose();
            Epsilon.Dispose();
        }
    }

    Prediction Predict(IPromptedDenoiser denoiser, Tensor latents, int step, int copies)
    {
        var timestep = ddim.Timesteps[step];
        var output = denoiser.Predict(latents, timestep, copies);
        var (x0, epsilon) = ddim.Predict(output, timestep, latents);
        return new Prediction(x0, epsilon);
    }

    Tensor Step(IPromptedDenoiser denoiser, Tensor latents, int step, int copies, Tensor noise)
    {
        using var scope = NewDisposeScope();
        var prediction = Predict(denoiser, latents, step, copies);
        var (mean, std) = ddim.MeanAndStd(prediction.X0, prediction.Epsilon, ddim.Timesteps[step]);
        return (mean + std * noise).MoveToOuterDisposeScope();
    }

    long[] Pick(ItemDraw item, int step, int candidates, Tensor? scores_KB)
    {
        if (sampling.Next == NextStepChoice.Random) return random.Pick(item, step, candidates);
        if (scores_KB is null)
            throw new InvalidOperationException($"sampling.next is {sampling.Next}, but the sink scores later; only the sequential loop supports it");
        using var index = sampling.Next == NextStepChoice.Best ? scores_KB.argmax(0) : scores_KB.argmin(0);
        using var onCpu = index.cpu();
        return onCpu.data<long>().ToArray();
    }

    /// <summary>Row pick[b] of the candidates for every prompt b: [K, B, …] → [B, …].</summary>
    static Tensor Gather(Tensor candidates_KB, long[] pick_B)
    {
        var rows = pick_B.Select((k, b) => candidates_KB.select(0, k).select(0, b)).ToArray();
        return stack(rows);
    }

    Tensor ToDevice(Tensor cpu) => cpu.to(device);

    static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();

    /// <summary>Lets the new latents outlive the scope of the step or segment that made them.</summary>
    static Tensor Replace(Tensor old, Tensor by)
    {
        var moved = by.MoveToOuterDisposeScope();
        old.Dispose();
        return moved;
    }
}
