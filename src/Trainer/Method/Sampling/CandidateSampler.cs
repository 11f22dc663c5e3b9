using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// Step pools: samples the trajectories of an item and hands over its candidate pools (paper section 4.2; MSPO: its multi-step form).
/// </summary>
/// <remarks>
/// <code>
/// x_T ~ N(0, I)
/// for t before the divert step:  x_{t-1} ~ p(x_{t-1} | x_t), one path a prompt
/// for every segment:             k candidates x_{t-1} from the same x_t; each goes on alone for the inner steps;
///                                x̂0 of all k  ──► pool (decoded, scored, win/lose: elsewhere, later)
///                                one of the k at random becomes the next x_t
/// </code>
/// The pick needs no score, so nothing here waits for one.
/// <para>Shape letters: K candidates, B prompts, C channels, H and W latent rows and columns; N is K * B, path-major.</para>
/// </remarks>
public sealed class CandidateSampler(IDiffusionProcess process, SamplingSpecification sampling, LatentSize size, IRandomSource random, Device device)
{
    readonly SegmentPlan plan = SegmentPlan.Create(sampling);
    readonly ProcessSteps steps = new(process, device);

    /// <summary>Candidate pools that an item yields.</summary>
    public int PoolCount => plan.Segments.Count;

    /// <summary>Denoising steps of an item; fewer than T where the plan ends early.</summary>
    public int StepCount => plan.Segments[^1].End + 1;

    /// <summary>Begins one item.</summary>
    /// <param name="item">Its prompts.</param>
    /// <param name="denoiser">The policy, bound to them; alive until the sampling ends.</param>
    /// <param name="onStep">Called after every denoising step, with the number of steps done.</param>
    public IItemSampling Begin(ItemDraw item, PromptedDenoiser denoiser, Action<int>? onStep = null) => new Sampling(this, item, denoiser, onStep);

    sealed class Sampling(CandidateSampler of, ItemDraw item, PromptedDenoiser denoiser, Action<int>? onStep) : IItemSampling
    {
        readonly int k = of.Candidates;
        readonly ProcessSteps steps = of.steps;
        int next;

        /// <summary>x_t of the next segment, and the prediction already made for it; both outlive every scope.</summary>
        Tensor? x_BCHW;
        StepPrediction? predicted;

        /// <summary>What the last pool leaves to pick from.</summary>
        Tensor? next_KBCHW, scores_KB;
        StepPrediction? ofCandidates;

        public CandidatePool? Next(CancellationToken cancellation)
        {
            if (next == of.plan.Segments.Count) return null;
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            if (x_BCHW is null) Approach(cancellation);
            else Pick();
            return Segment(next++, cancellation);
        }

        public void Learn(Tensor scores) => scores_KB = scores.clone().DetachFromDisposeScope();

        /// <summary>From noise to the divert step, one path a prompt.</summary>
        void Approach(CancellationToken cancellation)
        {
            var x = of.InitialLatents(item);
            for (int step = 0; step < of.plan.Segments[0].Start; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var noise = of.StepNoise(item, step, copies: 1);
                var moved = steps.Step(denoiser, x, step, copies: 1, noise);
                x.Dispose();
                x = moved;
                onStep?.Invoke(step + 1);
            }
            x_BCHW = x.DetachFromDisposeScope();
        }

        CandidatePool Segment(int index, CancellationToken cancellation)
        {
            cancellation.ThrowIfCancellationRequested();
            var segment = of.plan.Segments[index];
            var transitions = new List<Transition>();

            // k candidates from the same x_t. The first segment predicts for one path; later ones reuse the prediction made for scoring.
            predicted ??= steps.Predict(denoiser, x_BCHW!, segment.Start, copies: 1).Keep();
            var noise_KBCHW = of.CandidateNoise(item, segment.Start);
            var x = steps.Draw(predicted, segment.Start, noise_KBCHW, spread: true);
            transitions.Add(new Transition(segment.Start, steps.Timestep(segment.Start), x_BCHW!.unsqueeze(0), x));
            onStep?.Invoke(segment.Start + 1);

            // MSPO's inner steps: each candidate goes on alone.
            for (int step = segment.Start + 1; step <= segment.End; step++)
            {
                cancellation.ThrowIfCancellationRequested();
                var current_KBCHW = x;
                var noise_NCHW = of.StepNoise(item, step, k);
                x = steps.Step(denoiser, current_KBCHW.flatten(0, 1), step, k, noise_NCHW).view(current_KBCHW.shape);
                transitions.Add(new Transition(step, steps.Timestep(step), current_KBCHW, x));
                onStep?.Invoke(step + 1);
            }

            // What is scored: x̂0 seen from the next step, or x_0 itself after the last.
            var isLast = segment.End == of.plan.Steps - 1;
            ofCandidates = isLast ? null : steps.Predict(denoiser, x.flatten(0, 1), segment.End + 1, k).Keep();
            next_KBCHW = x.clone().DetachFromDisposeScope();
            return new CandidatePool
            {
                Item = item,
                Index = index,
                Clean = Keep(isLast ? x : ofCandidates!.X0.view(x.shape)),
                ScoreTimestep = isLast ? 0 : steps.Timestep(segment.End + 1),
                Transitions = [.. transitions.Select(t => t with { Current = Keep(t.Current), Next = Keep(t.Next) })],
            };
        }

        /// <summary>The next x_t, and the prediction already made for it.</summary>
        void Pick()
        {
            var pick_B = PickOf(of.plan.Segments[next].Start);
            var shape = next_KBCHW!.shape;
            x_BCHW?.Dispose();
            predicted?.Dispose();
            x_BCHW = Gather(next_KBCHW, pick_B).DetachFromDisposeScope();
            predicted = new StepPrediction(Gather(ofCandidates!.X0.view(shape), pick_B), Gather(ofCandidates.Epsilon.view(shape), pick_B)).Keep();
            Forget();
        }

        long[] PickOf(int step)
        {
            if (of.NextChoice == NextStepChoice.Random) return of.Pick(item, step);
            if (scores_KB is null)
                throw new InvalidOperationException($"sampling.next is {of.NextChoice}, but nobody has said what the last pool scored; only the sequential loop supports it");
            using var index = of.NextChoice == NextStepChoice.Best ? scores_KB.argmax(0) : scores_KB.argmin(0);
            using var onCpu = index.cpu();
            return onCpu.data<long>().ToArray();
        }

        public void Dispose()
        {
            x_BCHW?.Dispose();
            predicted?.Dispose();
            Forget();
            next = of.plan.Segments.Count;
        }

        void Forget()
        {
            next_KBCHW?.Dispose();
            scores_KB?.Dispose();
            ofCandidates?.Dispose();
            (next_KBCHW, scores_KB, ofCandidates) = (null, null, null);
        }

        /// <summary>Row pick[b] of the candidates for every prompt b: [K, B, …] → [B, …].</summary>
        static Tensor Gather(Tensor candidates_KB, long[] pick_B) => stack(pick_B.Select((k, b) => candidates_KB.select(0, k).select(0, b)).ToArray());

        static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
    }

    int Candidates => sampling.Candidates;

    NextStepChoice NextChoice => sampling.Next;

    Tensor InitialLatents(ItemDraw item) => random.InitialLatents(item, size.Channels, size.Height, size.Width).to(device) * process.InitNoiseSigma;

    Tensor StepNoise(ItemDraw item, int step, int copies) => random.StepNoise(item, step, copies, size.Channels, size.Height, size.Width).to(device);

    Tensor CandidateNoise(ItemDraw item, int step) => random.CandidateNoise(item, step, sampling.Candidates, size.Channels, size.Height, size.Width).to(device);

    long[] Pick(ItemDraw item, int step) => random.Pick(item, step, sampling.Candidates);
}
