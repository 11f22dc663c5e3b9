using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Method;

/// <summary>Third stage: trains the adapter on a round's pairs and keeps the account of what was consumed.</summary>
public sealed class TrainingStage : IDisposable
{
    readonly LoraAdapter adapter;
    readonly AdamW optimizer;
    readonly SpoTrainer trainer;
    readonly PromptEncoder encoder;
    readonly IRandomSource random;
    readonly bool guided;
    readonly double learningRate;

    public TrainingStage(DiffusionModel model, LoraAdapter adapter, RunSpecification run, IRandomSource random)
    {
        (this.adapter, this.random, encoder) = (adapter, random, model.PromptsFor(run.Sampling));
        PairEpochs = run.Training.PairEpochs;
        var guidance = run.Objective.Guidance ? run.Sampling.GuidanceScale : 1;
        guided = guidance > 1;
        learningRate = run.Optimizer.LearningRate;
        var unet = new GuidedUNet(model.UNet, adapter, guidance, run.Sampling.GuidanceRescale);
        var ddim = PolicyScheduler.Create(model.Schedule, run);
        optimizer = new AdamW(adapter.NamedParameters, run.Optimizer);
        trainer = new SpoTrainer(unet, ddim, new SpoLoss(run.Objective.Beta, run.Objective.Eps), optimizer, run.Training, model.Device);
    }

    /// <summary>Passes over a round's pairs.</summary>
    public int PairEpochs { get; }

    /// <summary>Hash chain over all pairs trained on.</summary>
    public ConsumedDigest Consumed { get; private set; } = new();

    /// <summary>Pairs trained on.</summary>
    public long ConsumedPairs { get; private set; }

    /// <summary>Minibatches trained on.</summary>
    public int Minibatches => trainer.Minibatches;

    /// <summary>Called after each backward pass, before the optimizer's step: the gradients can be looked at.</summary>
    public Action? AfterBackward
    {
        get => trainer.AfterBackward;
        set => trainer.AfterBackward = value;
    }

    /// <summary>Trains on all pairs of a round, whatever order they arrived in.</summary>
    /// <exception cref="TrainingDivergedException">A loss or gradient is not finite; the trainer is to be loaded again before it goes on.</exception>
    public IReadOnlyList<MinibatchResult> TrainRound(
        int round, IReadOnlyList<PreferencePair> pairs, IReadOnlyList<string> roundPrompts,
        Action<MinibatchResult>? onMinibatch = null, CancellationToken cancellation = default)
    {
        var ordered = pairs.OrderBy(p => p.Id).ToArray();
        var results = new List<MinibatchResult>();
        var watch = new DivergenceWatch(round, adapter, learningRate);
        using var conditioning = new RoundConditioning(encoder, roundPrompts, guided);
        for (int epoch = 0; epoch < PairEpochs && ordered.Length > 0; epoch++)
        {
            var order = random.Shuffle(round, epoch, ordered.Length);
            results.AddRange(watch.Over(() => trainer.Train(ordered, order, conditioning, onMinibatch + watch.Passed, cancellation)));
        }
        watch.CheckUnfinished();
        foreach (var pair in ordered) Consumed.Add(pair.Id, pair.Timestep, pair.Candidates.Win, pair.Candidates.Lose);
        ConsumedPairs += ordered.Length;
        return results;
    }

    /// <summary>Writes everything a resumed trainer needs.</summary>
    public void Save(Stream target) =>
        TrainerState.Write(target, adapter, optimizer, new TrainerAccount(trainer.Minibatches, ConsumedPairs, Consumed.Value));

    /// <summary>Goes back to a saved state.</summary>
    /// <exception cref="RunStateException">The file does not fit.</exception>
    public void Load(string path)
    {
        var account = TrainerState.Read(path, adapter, optimizer);
        trainer.Minibatches = account.Minibatches;
        ConsumedPairs = account.ConsumedPairs;
        Consumed = new ConsumedDigest(account.ConsumedDigest);
    }

    public void Dispose() => optimizer.Dispose();
}
