namespace SpoActors.Specification;

/// <summary>
/// All settings of a run, as written in <c>config/*.yaml</c> (keys in snake_case). Immutable; the resolved form is stored with the
/// run and sent to the cluster. Numeric defaults are the paper's for Stable Diffusion 1.5.
/// </summary>
public sealed record RunSpecification
{
    /// <summary>Name of the run and of its folder below <see cref="Output"/>.</summary>
    [MayChange]
    public string Name { get; init; } = "spo";

    /// <summary>Folder that holds the runs' folders.</summary>
    [MayChange]
    public string Output { get; init; } = "runs";

    /// <summary>Seed of everything random.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Where samples come from: step_pools, trajectories or own_pairs; null for the objective's own flow.</summary>
    public FlowKind? Flow { get; init; }

    public ModelSpecification Model { get; init; } = new();

    [FormerKey("preference")]
    public JudgeSpecification Judge { get; init; } = new();

    public PromptSpecification Prompts { get; init; } = new();
    public OwnPairSpecification Data { get; init; } = new();
    public SamplingSpecification Sampling { get; init; } = new();
    public PairSpecification Pairs { get; init; } = new();
    public ObjectiveSpecification Objective { get; init; } = new();
    public LoraSpecification Lora { get; init; } = new();
    public OptimizerSpecification Optimizer { get; init; } = new();
    public TrainingSpecification Training { get; init; } = new();
    [MayChange]
    public CheckpointSpecification Checkpoints { get; init; } = new();
    [MayChange]
    public EvaluationSpecification Evaluation { get; init; } = new();
    public PipelineSpecification Pipeline { get; init; } = new();
}

/// <summary>The diffusion model that is fine-tuned.</summary>
public sealed record ModelSpecification
{
    /// <summary>A diffusers folder (with model_index.json) or a single-file SD 1.5 / SDXL checkpoint.</summary>
    public string Path { get; init; } = "";

    /// <summary>A VAE folder or file to use instead of the model's own (SDXL: sdxl-vae-fp16-fix); null for the model's.</summary>
    public string? Vae { get; init; }

    /// <summary>Weight type of UNet, VAE and text encoders. LoRA weights and the loss stay float32.</summary>
    public NumberType Dtype { get; init; } = NumberType.Float32;

    /// <summary>auto, cpu, cuda or cuda:N. auto is the first GPU, or the CPU where there is none.</summary>
    [MayChange]
    public string Device { get; init; } = "cpu";

    /// <summary>Recompute activations in the backward pass instead of keeping them.</summary>
    [MayChange]
    public bool GradientCheckpointing { get; init; }

    /// <summary>How attention is computed.</summary>
    [MayChange]
    public AttentionKind Attention { get; init; } = AttentionKind.Auto;

    /// <summary>Decode images of more than 512 pixels in tiles.</summary>
    public bool VaeTiling { get; init; }

    /// <summary>Intra-op threads of each worker on the CPU; 0 takes all cores.</summary>
    [MayChange]
    public int Threads { get; init; }
}

public enum NumberType { Float32, BFloat16, Float16 }

public enum AttentionKind { Auto, Fused, Plain, Sliced }

/// <summary>The prompts that are trained on.</summary>
public sealed record PromptSpecification
{
    /// <summary>A .json list of objects or strings, .jsonl, .tsv / .csv with a header, or .txt with a prompt a line.</summary>
    [MayChange("the list of prompts")]
    public string Path { get; init; } = "";

    /// <summary>Key or column that holds the prompt.</summary>
    [MayChange("the list of prompts")]
    public string Column { get; init; } = "caption";

    /// <summary>Visit the prompts in a new random order in every epoch.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Use only the first N prompts; null for all.</summary>
    [MayChange("the list of prompts")]
    public int? Limit { get; init; }
}

/// <summary>How candidate pools are sampled (paper section 4).</summary>
public sealed record SamplingSpecification
{
    /// <summary>Pixels of an image's longest side: more than any model draws, and what is beyond cannot be held.</summary>
    public const int LargestSide = 16_384;

    /// <summary>Denoising steps T.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>DDIM eta; 0 has no noise, hence no candidates, so training needs more than 0.</summary>
    public double Eta { get; init; } = 1.0;

    /// <summary>Classifier-free guidance scale; 1 switches guidance off.</summary>
    public double GuidanceScale { get; init; } = 5.0;

    /// <summary>Rescale of the guided prediction's deviation, 0..1 (arXiv 2305.08891, section 3.4).</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>k, candidates drawn for x_{t-1} at every diverted step.</summary>
    public int Candidates { get; init; } = 4;

    /// <summary>First step (0-based) at which candidates are drawn.</summary>
    public int DivertStartStep { get; init; } = 4;

    /// <summary>Step after the last at which candidates are drawn; null for all steps.</summary>
    public int? DivertEndStep { get; init; }

    /// <summary>MSPO: denoising steps that follow a candidate before it is scored; 0 for single-step SPO.</summary>
    public int InnerSteps { get; init; }

    /// <summary>What the last denoising step does.</summary>
    public LastStepRule LastStep { get; init; } = LastStepRule.Auto;

    /// <summary>Which candidate sampling goes on from. Anything but random is for the ablation.</summary>
    public NextStepChoice Next { get; init; } = NextStepChoice.Random;

    /// <summary>Trajectories: whether all chains of a prompt start from the same noise (D3PO) or each from its own (DDPO).</summary>
    public bool SameStart { get; init; }

    /// <summary>Prompts sampled together as one item.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Image height in pixels, a multiple of 8; null for the model's own.</summary>
    public int? Height { get; init; }

    /// <summary>Image width in pixels, a multiple of 8; null for the model's own.</summary>
    public int? Width { get; init; }
}

/// <summary>
/// The last denoising step. Branch: it draws candidates as every other step does (the reference's SD 1.5 script). Extend: it lengthens
/// the last segment instead (the reference's SDXL script). Auto: Branch for single-step SPO, Extend for MSPO.
/// </summary>
public enum LastStepRule { Auto, Branch, Extend }

public enum NextStepChoice { Random, Best, Worst }

/// <summary>How a pool's candidates become a win/lose pair.</summary>
public sealed record PairSpecification
{
    /// <summary>Which two candidates form the pair.</summary>
    public PairChoice Choice { get; init; } = PairChoice.BestWorst;

    /// <summary>
    /// A pair is kept if the probabilities of its better and its worse image to win differ by more than this: softmax(best, worst) of the
    /// judge's logits.
    /// </summary>
    public double Threshold { get; init; } = 0.3;

    /// <summary>
    /// What the threshold follows (LPO): it rises from threshold at the last step to threshold_max at the first, linearly in the step's
    /// standard deviation, its variance, or the timestep. Fixed: threshold at every step.
    /// </summary>
    public ThresholdRule ThresholdRule { get; init; } = ThresholdRule.Fixed;

    /// <summary>Threshold of the first step; null with threshold_rule fixed.</summary>
    public double? ThresholdMax { get; init; }
}

public enum PairChoice { BestWorst, TwoRandom }

public enum ThresholdRule { Fixed, Sigma, Variance, Timestep }

/// <summary>The LoRA adapter that is trained (peft's meaning of every word).</summary>
public sealed record LoraSpecification
{
    /// <summary>Rank of the update.</summary>
    public int Rank { get; init; } = 4;

    /// <summary>Scale is alpha / rank; null takes alpha = rank, the only value that diffusers' file format can carry unfolded.</summary>
    public double? Alpha { get; init; }

    /// <summary>Names of the modules that get an adapter, matched at the end of the module's path.</summary>
    public IReadOnlyList<string> TargetModules { get; init; } = ["to_q", "to_k", "to_v", "to_out.0"];

    /// <summary>
    /// Sample with the adapter merged into the weights, which saves its passes; null merges float32 weights only, since in 16 bits the
    /// small changes of an adapter round away.
    /// </summary>
    public bool? MergeForSampling { get; init; }

    /// <summary>A LoRA file to start from; null starts from zero (B = 0).</summary>
    public string? InitialWeights { get; init; }

    /// <summary>Parts of that file that cannot be applied and are left out: text_encoder, convolution. A file that holds them is refused otherwise.</summary>
    public IReadOnlyList<LoraFilePart> Ignore { get; init; } = [];
}

/// <summary>Parts of LoRA files that are not applied.</summary>
public enum LoraFilePart { TextEncoder, Convolution }

/// <summary>Rounds and minibatches.</summary>
public sealed record TrainingSpecification
{
    /// <summary>Passes over the prompt list. The run ends after <see cref="Rounds"/> rounds if that comes first.</summary>
    [MayChange]
    public int Epochs { get; init; } = 10;

    /// <summary>Most rounds to run; null for as many as the epochs take.</summary>
    [MayChange]
    public int? Rounds { get; init; }

    /// <summary>Prompts sampled with one adapter version before training on their pairs.</summary>
    public int PromptsPerRound { get; init; } = 10;

    /// <summary>Pairs in a minibatch.</summary>
    public int BatchSize { get; init; } = 10;

    /// <summary>Minibatches whose gradients are averaged into one optimizer step.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>
    /// What becomes of minibatches that are left over at the end of a pass over the pairs. carry: the next pass completes them (SPO and
    /// MSPO). step: they make a step of their own, still divided by gradient_accumulation (accelerate's data loaders: Diffusion-DPO,
    /// MaPO).
    /// </summary>
    public AccumulationRemainder AccumulationRemainder { get; init; } = AccumulationRemainder.Carry;

    /// <summary>Passes over a round's pairs.</summary>
    public int PairEpochs { get; init; } = 1;
}

public enum AccumulationRemainder { Carry, Step }

/// <summary>Crash-safe checkpoints.</summary>
public sealed record CheckpointSpecification
{
    /// <summary>Rounds between checkpoints.</summary>
    public int Every { get; init; } = 1;

    /// <summary>Checkpoints kept; older ones are deleted.</summary>
    public int Keep { get; init; } = 2;
}

/// <summary>The actor pipeline; the sequential loop ignores it.</summary>
public sealed record PipelineSpecification
{
    /// <summary>Rounds that samplers may run ahead of training; 0 is strictly on-policy and equals the sequential loop bit for bit.</summary>
    public int Staleness { get; init; }

    /// <summary>Candidate pools that a scorer may hold.</summary>
    [MayChange]
    public int PoolCapacity { get; init; } = 8;

    /// <summary>Scored items that the trainer may hold.</summary>
    [MayChange]
    public int PairCapacity { get; init; } = 64;

    /// <summary>Megabytes that each channel may hold.</summary>
    [MayChange]
    public int ChannelMegabytes { get; init; } = 512;

    /// <summary>Seconds without a heartbeat after which an item is leased to another worker.</summary>
    [MayChange]
    public double LeaseSeconds { get; init; } = 120;

    /// <summary>
    /// Weight of the run when a cluster shares its samplers and scorers between runs: one with 2 gets twice as many as one with 1.
    /// </summary>
    [MayChange]
    public int Priority { get; init; } = 1;

    /// <summary>Failures of one item before it is set aside, if they were on several workers or on all there are.</summary>
    [MayChange]
    public int MaxAttempts { get; init; } = 3;

    /// <summary>Share of a round's items, 0 to 1, that may be set aside; the run pauses rather than train on less.</summary>
    [MayChange]
    public double MaxSetAside { get; init; } = 0.1;
}
