using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Storage;
using TorchSharp;

namespace SpoActors.Trainer.Method;

/// <summary>Third stage: trains the adapter on a round's samples and keeps the account of what was consumed.</summary>
public sealed class TrainingStage : IDisposable
{
    readonly LoraAdapter adapter;
    readonly AccumulatingOptimizer optimizer;
    readonly ParameterAverage? slow, average;
    readonly MinibatchTrainer trainer;
    readonly RoundAdvantages? advantages;
    readonly PromptEncoder encoder;
    readonly IRandomSource random;

    /// <param name="model">The base model.</param>
    /// <param name="adapter">Its adapter, which is trained.</param>
    /// <param name="plan">The run's method.</param>
    /// <param name="random">Everything drawn.</param>
    public TrainingStage(DiffusionModel model, LoraAdapter adapter, MethodPlan plan, IRandomSource random)
    {
        (this.adapter, Plan, this.random, encoder) = (adapter, plan, random, model.PromptsFor(plan.Run.Sampling));
        var run = plan.Run;
        slow = plan.Objective.Networks.HasFlag(ObjectiveNetworks.Slow)
            ? new ParameterAverage(adapter.NamedParameters, ParameterAverage.Plain(plan.Settings.SlowDecay!.Value)) : null;
        average = run.Optimizer.Ema.Decay is null ? null : new ParameterAverage(adapter.NamedParameters, run.Optimizer.Ema);
        optimizer = new AccumulatingOptimizer(adapter.NamedParameters, run.Optimizer, run.Training.GradientAccumulation, run.Model.Dtype);
        advantages = plan.Objective.Samples == SampleKind.Transition ? new RoundAdvantages(plan.Settings) : null;
        var policy = new GuidedDenoiser(new UNetDenoiser(model.UNet, adapter, slow?.Values), plan.Guidance, run.Sampling.GuidanceRescale);
        trainer = new MinibatchTrainer(policy, plan.Process(model.Schedule), model.Schedule, plan.Objective, optimizer, run.Training, random, model.Device)
        {
            AfterMinibatch = stepped =>
            {
                if (stepped || plan.Objective.SlowCopyMovesEachMinibatch) slow?.Update();
                if (stepped) average?.Update();
            },
        };
    }

    /// <summary>The run's method.</summary>
    public MethodPlan Plan { get; }

    /// <summary>Passes over a round's samples.</summary>
    public int PairEpochs => Plan.Run.Training.PairEpochs;

    /// <summary>Hash chain over all samples trained on.</summary>
    public ConsumedDigest Consumed { get; private set; } = new();

    /// <summary>Samples trained on.</summary>
    public long ConsumedPairs { get; private set; }

    /// <summary>Minibatches trained on.</summary>
    public int Minibatches => (int)optimizer.Minibatches;

    /// <summary>Called before each loss: what the objective is given can be looked at.</summary>
    public Action<ObjectiveInputs>? BeforeLoss
    {
        get => trainer.BeforeLoss;
        set => trainer.BeforeLoss = value;
    }

    /// <summary>Called after each backward pass, before the optimizer's step: the gradients can be looked at.</summary>
    public Action? AfterBackward
    {
        get => trainer.AfterBackward;
        set => trainer.AfterBackward = value;
    }

    /// <summary>Trains on all samples of a round, whatever order they arrived in.</summary>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite; the trainer is to be loaded again before it goes on.</exception>
    public IReadOnlyList<MinibatchResult> TrainRound(
        int round, IReadOnlyList<TrainingSample> samples, IReadOnlyList<string> roundPrompts,
        Action<MinibatchResult>? onMinibatch = null, CancellationToken cancellation = default)
    {
        var ordered = samples.OrderBy(p => p.Id).ToArray();
        var results = new List<MinibatchResult>();
        var watch = new DivergenceWatch(round, adapter, Plan.Run.Optimizer.LearningRate, optimizer.ScalesLosses);
        using var conditioning = new RoundConditioning(encoder, roundPrompts, Plan.Guidance > 1);
        var ofChains = ordered.Length == 0 ? null : advantages?.Of(ordered, roundPrompts);
        for (int epoch = 0; epoch < PairEpochs && ordered.Length > 0; epoch++)
        {
            var (pass, order) = (epoch, random.Shuffle(round, epoch, ordered.Length));
            results.AddRange(watch.Over(() => trainer.Train(ordered, order, pass, conditioning, ofChains, onMinibatch + watch.Passed, cancellation)));
        }
        watch.CheckUnfinished();
        foreach (var sample in ordered) Consumed.Add(sample);
        ConsumedPairs += ordered.Length;
        return results;
    }

    /// <summary>Writes everything a resumed trainer needs.</summary>
    public void Save(Stream target) =>
        TrainerState.Write(target, adapter, Parts(), new TrainerAccount(Minibatches, ConsumedPairs, Consumed.Value));

    /// <summary>Goes back to a saved state.</summary>
    /// <exception cref="RunStateException">The file does not fit.</exception>
    public void Load(string path)
    {
        var account = TrainerState.Read(path, adapter, Parts());
        ConsumedPairs = account.ConsumedPairs;
        Consumed = new ConsumedDigest(account.ConsumedDigest);
    }

    /// <summary>Everything with a state besides the adapter.</summary>
    IReadOnlyList<StatefulPart> Parts()
    {
        List<StatefulPart> parts = [new("optimizer.", optimizer.State, (state, account) => optimizer.LoadState(state, account.Minibatches))];
        if (slow is not null) parts.Add(new("slow.", slow.State, (state, _) => slow.LoadState(state)));
        if (average is not null) parts.Add(new("ema.", average.State, (state, _) => average.LoadState(state)));
        if (advantages is not null) parts.Add(new("statistics.", advantages.State, (state, _) => advantages.LoadState(state)));
        return parts;
    }

    /// <summary>
    /// The values that sampling uses until the result is disposed: the slow copy's where the objective says so (GradSPO), else the adapter's own.
    /// </summary>
    public IDisposable LendToSampling()
    {
        if (slow is null || !Plan.Objective.SamplesSlowCopy) return new Loan(() => { });
        var own = adapter.Export();
        IReadOnlyDictionary<string, LoraFactors> lent;
        using (adapter.Using(slow.Values)) lent = adapter.Export();
        adapter.Import(lent);
        foreach (var factors in lent.Values) factors.Dispose();
        return new Loan(() =>
        {
            adapter.Import(own);
            foreach (var factors in own.Values) factors.Dispose();
        });
    }

    /// <summary>Whether an average of the adapter over the steps is kept (<c>optimizer.ema</c>).</summary>
    public bool KeepsAverage => average is not null;

    /// <summary>Writes the average as the adapter itself is written.</summary>
    /// <exception cref="InvalidOperationException">None is kept.</exception>
    public void WriteAverage(Stream target)
    {
        using (adapter.Using((average ?? throw new InvalidOperationException("no average is kept")).Values)) AdapterFile.Write(target, adapter);
    }

    public void Dispose()
    {
        optimizer.Dispose();
        slow?.Dispose();
        average?.Dispose();
    }

    sealed class Loan(Action giveBack) : IDisposable
    {
        public void Dispose() => giveBack();
    }
}

/// <summary>Something that training leaves a state in.</summary>
/// <param name="Prefix">Of its tensors' names in the file.</param>
/// <param name="Save">Its tensors by name.</param>
/// <param name="Load">Takes them back, with the account that was stored beside them.</param>
sealed record StatefulPart(
    string Prefix, Func<IReadOnlyDictionary<string, torch.Tensor>> Save, Action<IReadOnlyDictionary<string, torch.Tensor>, TrainerAccount> Load);
