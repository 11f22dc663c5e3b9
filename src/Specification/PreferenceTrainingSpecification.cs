namespace SpoActors.Specification;

/// <summary>
/// All settings of training a step-aware preference model (<c>spo train-spm</c>; paper section 4.1), as written in YAML with keys in
/// snake_case. Immutable. Numeric defaults are the paper's for Stable Diffusion 1.5.
/// </summary>
public sealed record PreferenceTrainingSpecification
{
    /// <summary>Name of the training and of its folder below <see cref="Output"/>.</summary>
    [MayChange]
    public string Name { get; init; } = "spm";

    /// <summary>Folder that holds the trainings' folders.</summary>
    [MayChange]
    public string Output { get; init; } = "runs";

    /// <summary>Seed of everything random: order of the pairs, timesteps, noise, the time embedder's first weights.</summary>
    public ulong Seed { get; init; } = 42;

    public ModelSpecification Model { get; init; } = new();
    public StartSpecification Start { get; init; } = new();
    public PairDataSpecification Data { get; init; } = new();
    public LabelSpecification Labels { get; init; } = new();
    public DistortionSpecification Distortion { get; init; } = new();
    public JudgeOptimizerSpecification Optimizer { get; init; } = new();
    public JudgeTrainingSpecification Training { get; init; } = new();
    [MayChange]
    public JudgeValidationSpecification Validation { get; init; } = new();
    [MayChange]
    public JudgeCheckpointSpecification Checkpoints { get; init; } = new();
}

/// <summary>The preference model that training starts from.</summary>
public sealed record StartSpecification
{
    /// <summary>A plain CLIP preference model such as PickScore: its folder, or its .bin / .safetensors file.</summary>
    public string Path { get; init; } = "";

    /// <summary>Folder with the tokenizer, preprocessor_config.json and config.json (a CLIP folder); null: beside the checkpoint.</summary>
    public string? Processor { get; init; }

    /// <summary>
    /// Tell the model its timestep: adaLN in every vision layer, at first without effect, so that the model begins as the plain one. False
    /// trains the plain model on the same distorted images (the ablation without step conditioning).
    /// </summary>
    public bool StepConditioning { get; init; } = true;
}

/// <summary>Pairs of images in Pick-a-Pic's parquet layout.</summary>
public sealed record PairDataSpecification
{
    /// <summary>Parquet files: folders, searched to the bottom, or single files.</summary>
    public IReadOnlyList<string> Train { get; init; } = [];

    /// <summary>Parquet files to validate on; only their rows with a preference count. Empty: see validation_share.</summary>
    public IReadOnlyList<string> Validation { get; init; } = [];

    /// <summary>Share of the captions, 0 to 1, that is kept out of training for validation when there are no files for it.</summary>
    public double ValidationShare { get; init; }

    /// <summary>Side in pixels to which the images are resized (shortest edge) and cropped; null for the model's own size.</summary>
    public int? Resolution { get; init; }

    /// <summary>
    /// Row groups whose rows are mixed. An epoch visits the row groups in random order, this many at a time, and their rows in random order;
    /// their encoded images are what is held in memory.
    /// </summary>
    public int MixedRowGroups { get; init; } = 16;

    /// <summary>Leave pairs with an image that cannot be decoded out of their batch, with a counted warning, instead of stopping.</summary>
    public bool SkipUndecodable { get; init; }
}

/// <summary>Which image of a pair is preferred.</summary>
public sealed record LabelSpecification
{
    /// <summary>dataset: the files' labels. start_model: the verdict of the preference model that training starts from (the original's SDXL).</summary>
    public LabelSource Source { get; init; } = LabelSource.Dataset;

    /// <summary>The start model's verdict is a tie unless its two probabilities differ by more than this.</summary>
    public double Threshold { get; init; } = 0.1;
}

public enum LabelSource { Dataset, StartModel }

/// <summary>How clean images become what the model sees: noised, x0 predicted by the base model, decoded.</summary>
public sealed record DistortionSpecification
{
    /// <summary>Smallest timestep drawn.</summary>
    public int FirstTimestep { get; init; }

    /// <summary>Largest timestep drawn.</summary>
    public int LastTimestep { get; init; } = 999;

    /// <summary>Classifier-free guidance scale of the prediction; 1 switches guidance off.</summary>
    public double GuidanceScale { get; init; } = 5.0;

    /// <summary>Images encoded, predicted and decoded together.</summary>
    [MayChange]
    public int BatchSize { get; init; } = 16;
}

/// <summary>AdamW over all parameters of the preference model, text tower and temperature included.</summary>
public sealed record JudgeOptimizerSpecification
{
    /// <summary>Largest learning rate.</summary>
    public double LearningRate { get; init; } = 3e-6;

    /// <summary>Steps until it is reached; after them it falls linearly to 0 at the last step.</summary>
    public int WarmupSteps { get; init; } = 500;

    /// <summary>Decay of the mean of the gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of their squares.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the denominator.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay, of every parameter.</summary>
    public double WeightDecay { get; init; } = 0.3;

    /// <summary>Largest gradient norm; null for none.</summary>
    public double? MaxGradNorm { get; init; } = 1.0;
}

/// <summary>Length, batches and precision.</summary>
public sealed record JudgeTrainingSpecification
{
    /// <summary>Optimizer steps; null for as many as <see cref="Epochs"/> take.</summary>
    public int? Steps { get; init; } = 8000;

    /// <summary>Passes over the pairs; null where <see cref="Steps"/> are given.</summary>
    public int? Epochs { get; init; }

    /// <summary>Pairs of an optimizer step. The original has 16 on each of 4 GPUs.</summary>
    public int BatchSize { get; init; } = 64;

    /// <summary>Pairs whose gradients are computed together; their sum is the batch's, so it changes memory and time only.</summary>
    [MayChange]
    public int MicroBatchSize { get; init; } = 16;

    /// <summary>
    /// Type in which the preference model computes: float32, or bfloat16 with float32 master weights (the original's). Master weights,
    /// optimizer and loss are float32 in any case.
    /// </summary>
    public NumberType Precision { get; init; } = NumberType.Float32;

    /// <summary>Contrast each pair with the other texts and images of its batch too; the original does not.</summary>
    public bool InBatchNegatives { get; init; }

    /// <summary>
    /// Reproduce what the original's code really did: the first step at the full learning rate, the second at 0, then a logarithmic warm-up;
    /// ties count half in the validation of data-set labels. False: a linear warm-up, and ties are left out.
    /// </summary>
    public bool Parity { get; init; }
}

/// <summary>Accuracy by timestep on pairs that are not trained on.</summary>
public sealed record JudgeValidationSpecification
{
    /// <summary>Steps between validations; the first is before training, the last after it. 0 for none.</summary>
    public int Every { get; init; } = 1000;

    /// <summary>Most pairs; null for all.</summary>
    public int? Pairs { get; init; } = 500;

    /// <summary>Timesteps; at 0 the images are shown as they are.</summary>
    public IReadOnlyList<int> Timesteps { get; init; } = [0, 251, 501, 701, 951];
}

/// <summary>Crash-safe checkpoints, and the finished model.</summary>
public sealed record JudgeCheckpointSpecification
{
    /// <summary>Steps between checkpoints.</summary>
    public int Every { get; init; } = 1000;

    /// <summary>Checkpoints kept; older ones are deleted. Each holds the weights three times (weights, two moments) in float32.</summary>
    public int Keep { get; init; } = 1;

    /// <summary>Weight type of the finished model's file.</summary>
    public NumberType ModelDtype { get; init; } = NumberType.Float32;
}
