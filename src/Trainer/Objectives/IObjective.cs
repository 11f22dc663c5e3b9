using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// What is minimised. An objective says what it must be given for each sample, and turns that into a loss and named metrics; where samples
/// come from, how networks are called and how the optimizer steps is not its concern. Stateless.
/// </summary>
public interface IObjective
{
    /// <summary>Networks, other than the policy, whose predictions it needs.</summary>
    ObjectiveNetworks Networks { get; }

    /// <summary>What its samples are.</summary>
    SampleKind Samples { get; }

    /// <summary>Whether it wants the noise of its transitions (<see cref="SampleSide.Noise_MCHW"/>).</summary>
    bool UsesNoise => false;

    /// <summary>Whether samples are drawn from the slow copy instead of the policy.</summary>
    bool SamplesSlowCopy => false;

    /// <summary>Whether the slow copy moves after every minibatch, those that only accumulate too, instead of after every optimizer step.</summary>
    bool SlowCopyMovesEachMinibatch => false;

    /// <summary>The loss of a minibatch.</summary>
    /// <param name="inputs">What it asked for; every tensor has M rows, one a sample.</param>
    /// <returns>In the caller's dispose scope.</returns>
    ObjectiveResult Compute(ObjectiveInputs inputs);
}

/// <summary>Networks that are asked for a prediction without a gradient.</summary>
[Flags]
public enum ObjectiveNetworks
{
    None = 0,

    /// <summary>The base model: the adapter switched off.</summary>
    Reference = 1,

    /// <summary>A moving average of the policy.</summary>
    Slow = 2,
}

/// <summary>What a sample is made of; each flow makes one kind or several.</summary>
public enum SampleKind
{
    /// <summary>A win and a lose transition x_t → x_{t-1}.</summary>
    TransitionPair,

    /// <summary>One transition with an advantage and the log-probability under the policy that sampled it.</summary>
    Transition,

    /// <summary>A win and a lose image, noised to one timestep with one noise.</summary>
    NoisedPair,
}

/// <summary>A minibatch as an objective sees it.</summary>
/// <remarks>Shape letters: M samples, C channels, H and W latent rows and columns.</remarks>
public sealed record ObjectiveInputs
{
    /// <summary>How x moves; turns predictions into log-probabilities.</summary>
    public required Diffusion.IDiffusionProcess Process { get; init; }

    /// <summary>The preferred side, or the only one.</summary>
    public required SampleSide Win { get; init; }

    /// <summary>The other side; null where samples have one.</summary>
    public SampleSide? Lose { get; init; }

    /// <summary>
    /// Whether a pair of transitions says anything, [M]: 1 for a preference, 0 for a tie, which passes no gradient but stays in the mean;
    /// null where no pair is a tie.
    /// </summary>
    public Tensor? Preference_M { get; init; }

    /// <summary>Advantage of the transition, [M].</summary>
    public Tensor? Advantage_M { get; init; }

    /// <summary>Log-probability of the transition under the policy that sampled it, [M].</summary>
    public Tensor? SampledLogProb_M { get; init; }

    /// <summary>The other side, of an objective that needs one.</summary>
    /// <exception cref="ArgumentException">Samples have one side.</exception>
    public SampleSide LoseOf(IObjective objective) => Given(objective, Lose, "a win and a lose side");

    /// <summary>What an objective was to be given.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public static T Given<T>(IObjective objective, T? value, string what) where T : class =>
        value ?? throw new ArgumentException($"{objective.GetType().Name} needs {what} of each sample; none was given");
}

/// <summary>One side of every sample.</summary>
public sealed record SampleSide
{
    /// <summary>t, [M].</summary>
    public required Tensor Timesteps_M { get; init; }

    /// <summary>x_t, [M, C, H, W].</summary>
    public required Tensor Current_MCHW { get; init; }

    /// <summary>x_{t-1}, [M, C, H, W]; null for noised images.</summary>
    public Tensor? Next_MCHW { get; init; }

    /// <summary>The standard normal noise that made x_{t-1} from its mean, or x_t from the image, [M, C, H, W]; given where it is asked for.</summary>
    public Tensor? Noise_MCHW { get; init; }

    /// <summary>What the model should have predicted of a noised image: noise, v or x_0, [M, C, H, W].</summary>
    public Tensor? Target_MCHW { get; init; }

    /// <summary>The policy's prediction, with its gradient, float32, [M, C, H, W].</summary>
    public required Tensor Policy_MCHW { get; init; }

    /// <summary>The reference's prediction; null where it was not asked for.</summary>
    public Tensor? Reference_MCHW { get; init; }

    /// <summary>The slow copy's prediction; null where it was not asked for.</summary>
    public Tensor? Slow_MCHW { get; init; }

    /// <exception cref="ArgumentException">The reference's prediction was not given.</exception>
    public Tensor ReferenceOf(IObjective objective) => ObjectiveInputs.Given(objective, Reference_MCHW, "the reference's prediction");

    /// <exception cref="ArgumentException">The slow copy's prediction was not given.</exception>
    public Tensor SlowOf(IObjective objective) => ObjectiveInputs.Given(objective, Slow_MCHW, "the slow copy's prediction");
}
