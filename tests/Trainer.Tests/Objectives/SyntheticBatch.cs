using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

/// <summary>Random inputs of every kind of sample, at small sizes.</summary>
sealed class SyntheticBatch(int samples, long seed, ScalarType dtype, PredictionType prediction = PredictionType.Epsilon) : IDisposable
{
    readonly DdimScheduler ddim = new(
        NoiseSchedule.Create(new SchedulerConfig { BetaStart = 0.00085, BetaEnd = 0.012, BetaSchedule = BetaSchedule.ScaledLinear, StepsOffset = 1, ClipSample = false, SetAlphaToOne = false, PredictionType = prediction }),
        steps: 20, eta: 1, DdimLastStep.ClampToFirst);

    readonly Generator generator = new(0);

    public Tensor LogProb(SampleSide side, Tensor prediction_MCHW) => ddim.LogProb(prediction_MCHW, side.Timesteps_M, side.Current_MCHW, side.Next_MCHW!);

    /// <summary>Pairs of transitions; policy and slow copy differ from the reference by <paramref name="spread"/> times normal noise.</summary>
    public ObjectiveInputs Pairs(double spread, bool sharesCurrent = false)
    {
        generator.manual_seed(seed);
        var timesteps_M = Timesteps();
        var win = Transition(timesteps_M, Normal(), spread);
        var lose = Transition(timesteps_M, sharesCurrent ? win.Current_MCHW : Normal(), spread);
        return new ObjectiveInputs { Process = ddim, Win = win, Lose = lose };
    }

    /// <summary>Single transitions with advantages; the sampler's log-probabilities are off the policy's by <paramref name="drift"/>.</summary>
    public ObjectiveInputs Transitions(double spread, double drift, bool withReference = true)
    {
        generator.manual_seed(seed);
        var win = Transition(Timesteps(), Normal(), spread);
        if (!withReference) win = win with { Reference_MCHW = null };
        return new ObjectiveInputs
        {
            Process = ddim,
            Win = win,
            Advantage_M = randn([samples], dtype, generator: generator) * 2,
            SampledLogProb_M = LogProb(win, win.Policy_MCHW).detach() + drift * randn([samples], dtype, generator: generator),
        };
    }

    /// <summary>Pairs of noised images.</summary>
    public ObjectiveInputs Noised(double spread)
    {
        generator.manual_seed(seed);
        var (timesteps_M, noise) = (Timesteps(), Normal());
        return new ObjectiveInputs { Process = ddim, Win = Side(), Lose = Side() };

        SampleSide Side()
        {
            var reference = noise + 0.5 * Normal();
            return new SampleSide
            {
                Timesteps_M = timesteps_M,
                Current_MCHW = Normal(),
                Noise_MCHW = noise,
                Target_MCHW = noise,
                Policy_MCHW = (reference + spread * Normal()).requires_grad_(true),
                Reference_MCHW = reference,
                Slow_MCHW = reference + 0.5 * spread * Normal(),
            };
        }
    }

    SampleSide Transition(Tensor timesteps_M, Tensor current, double spread)
    {
        var (reference, noise) = (Normal(), Normal());
        var (x0, epsilon) = ddim.Predict(reference, timesteps_M, current);
        var (mean, std) = ddim.MeanAndStd(x0, epsilon, timesteps_M);
        return new SampleSide
        {
            Timesteps_M = timesteps_M,
            Current_MCHW = current,
            Next_MCHW = mean + std * noise,
            Noise_MCHW = noise,
            Policy_MCHW = (reference + spread * Normal()).requires_grad_(true),
            Reference_MCHW = reference,
            Slow_MCHW = reference + 0.5 * spread * Normal(),
        };
    }

    Tensor Timesteps() => tensor(Enumerable.Range(0, samples).Select(i => ddim.Timesteps[i % ddim.Timesteps.Count]).ToArray());

    /// <summary>A random direction to move a prediction in.</summary>
    public Tensor Direction(long[] shape) => randn(shape, dtype, generator: generator);

    public void Dispose() => generator.Dispose();

    Tensor Normal() => randn([samples, 2, 3, 3], dtype, generator: generator);
}
