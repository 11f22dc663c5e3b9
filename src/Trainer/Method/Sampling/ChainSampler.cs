using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// Trajectories: k whole chains of every prompt, whose final images are scored (DDPO, arXiv 2305.13301, section 4; D3PO, arXiv 2311.13231,
/// section 4). One pool an item, with every step that is trained on.
/// </summary>
/// <remarks>Shape letters: K chains, B prompts, C channels, H and W latent rows and columns; N is K * B, path-major.</remarks>
public sealed class ChainSampler(IDiffusionProcess process, SamplingSpecification sampling, LatentSize size, IRandomSource random, Device device)
{
    readonly ProcessSteps steps = new(process, device);

    /// <summary>Denoising steps of an item.</summary>
    public int StepCount => sampling.Steps;

    /// <summary>Begins one item.</summary>
    /// <inheritdoc cref="CandidateSampler.Begin"/>
    public IItemSampling Begin(ItemDraw item, PromptedDenoiser denoiser, Action<int>? onStep = null) => new Sampling(this, item, denoiser, onStep);

    CandidatePool Sample(ItemDraw item, PromptedDenoiser denoiser, Action<int>? onStep, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int k = sampling.Candidates, b = item.Count;
        var (first, end) = (sampling.DivertStartStep, sampling.DivertEndStep ?? sampling.Steps);
        var x_NCHW = Start(item, k);
        var transitions = new List<Transition>();
        for (int step = 0; step < sampling.Steps; step++)
        {
            cancellation.ThrowIfCancellationRequested();
            using var stepScope = NewDisposeScope();
            var noise_NCHW = random.StepNoise(item, step, k, size.Channels, size.Height, size.Width).to(device);
            var (next_NCHW, logProb_N) = steps.StepWithLogProb(denoiser, x_NCHW, step, k, noise_NCHW);
            if (step >= first && step < end)
                transitions.Add(new Transition(step, steps.Timestep(step), Pool(x_NCHW), Pool(next_NCHW), logProb_N.view(k, b).cpu().DetachFromDisposeScope()));
            x_NCHW = next_NCHW.MoveToOuterDisposeScope();
            onStep?.Invoke(step + 1);
        }
        return new CandidatePool { Item = item, Index = 0, Clean = Pool(x_NCHW), ScoreTimestep = 0, Transitions = transitions };

        Tensor Pool(Tensor all_NCHW) => all_NCHW.view([k, b, .. all_NCHW.shape[1..]]).clone().DetachFromDisposeScope();
    }

    /// <summary>x_T of every chain: its own, or the same for all chains of a prompt.</summary>
    Tensor Start(ItemDraw item, int k)
    {
        var noise = sampling.SameStart
            ? random.InitialLatents(item, size.Channels, size.Height, size.Width).repeat(k, 1, 1, 1)
            : random.ChainLatents(item, k, size.Channels, size.Height, size.Width);
        return noise.to(device) * process.InitNoiseSigma;
    }

    sealed class Sampling(ChainSampler of, ItemDraw item, PromptedDenoiser denoiser, Action<int>? onStep) : IItemSampling
    {
        bool done;

        public CandidatePool? Next(CancellationToken cancellation)
        {
            if (done) return null;
            done = true;
            return of.Sample(item, denoiser, onStep, cancellation);
        }

        /// <summary>The only pool is the last.</summary>
        public void Learn(Tensor scores_KB) { }

        public void Dispose() => done = true;
    }
}
