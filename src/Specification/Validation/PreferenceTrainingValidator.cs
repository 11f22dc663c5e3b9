namespace SpoActors.Specification.Validation;

/// <summary>Checks the settings of <c>spo train-spm</c> before any work starts, and reports everything that is wrong at once.</summary>
public static class PreferenceTrainingValidator
{
    const int TrainingTimesteps = 1000;

    /// <summary>All problems; empty for a specification that can be run.</summary>
    /// <param name="training">The specification.</param>
    /// <param name="checkFiles">Whether the paths must exist on this machine.</param>
    public static IReadOnlyList<Problem> Validate(PreferenceTrainingSpecification training, bool checkFiles = true)
    {
        var found = new Findings();
        found.Model(training.Model, checkFiles);
        found.Name(training.Name);
        found.Path("start.path", training.Start.Path, checkFiles, "a plain CLIP preference model's folder or checkpoint file, such as PickScore's");
        if (training.Start.Processor is { } processor) found.Path("start.processor", processor, checkFiles, "a folder with config.json and tokenizer, or null");
        CheckData(training.Data, found, checkFiles);
        found.Real("labels.threshold", training.Labels.Threshold, 0, 1, "from 0 to 1", "The paper uses 0.1.");
        CheckDistortion(training.Distortion, found);
        CheckOptimizer(training.Optimizer, found);
        CheckTraining(training, found);
        CheckValidation(training.Validation, found);
        found.Range("checkpoints.every", training.Checkpoints.Every, 1, int.MaxValue, "Steps between checkpoints.");
        found.Range("checkpoints.keep", training.Checkpoints.Keep, 1, int.MaxValue, "The newest is always kept.");
        return found.Problems;
    }

    static void CheckData(PairDataSpecification data, Findings found, bool files)
    {
        if (data.Train.Count == 0) found.Add("data.train", "an empty list", "parquet files or folders of them", "Name them in the configuration or with --set.");
        foreach (var path in data.Train) found.Path("data.train", path, files, "a parquet file or a folder of them");
        foreach (var path in data.Validation) found.Path("data.validation", path, files, "a parquet file or a folder of them");
        found.Real("data.validation_share", data.ValidationShare, 0, 0.9, "from 0 to 0.9", "0 keeps nothing out.");
        if (data.Validation.Count > 0 && data.ValidationShare > 0)
            found.Add("data.validation_share", data.ValidationShare, "0 where data.validation names files", "Give one of the two.");
        if (data.Resolution is { } side && (side < 8 || side % 8 != 0)) found.Add("data.resolution", side, "a positive multiple of 8, or null", "null takes the model's own size.");
        found.Range("data.mixed_row_groups", data.MixedRowGroups, 1, 1_000_000, "Row groups held in memory and mixed.");
    }

    static void CheckDistortion(DistortionSpecification distortion, Findings found)
    {
        found.Range("distortion.first_timestep", distortion.FirstTimestep, 0, TrainingTimesteps - 1, "The paper draws from 0 to 999.");
        found.Range("distortion.last_timestep", distortion.LastTimestep, distortion.FirstTimestep, TrainingTimesteps - 1, "It may not lie before first_timestep.");
        found.Real("distortion.guidance_scale", distortion.GuidanceScale, 0, 100, "from 0 to 100", "1 switches guidance off; the paper uses 5.");
        found.Range("distortion.batch_size", distortion.BatchSize, 1, int.MaxValue, "Images distorted together.");
    }

    static void CheckOptimizer(JudgeOptimizerSpecification optimizer, Findings found)
    {
        found.Real("optimizer.learning_rate", optimizer.LearningRate, double.Epsilon, 10, "above 0", "The paper uses 3e-6 for SD 1.5 and 1e-6 for SDXL.");
        found.Range("optimizer.warmup_steps", optimizer.WarmupSteps, 1, int.MaxValue, "1 starts at the full rate; the paper uses 500.");
        found.Adam(optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon);
        found.Real("optimizer.weight_decay", optimizer.WeightDecay, 0, 10, "from 0", "The paper uses 0.3.");
        if (optimizer.MaxGradNorm is { } norm) found.Real("optimizer.max_grad_norm", norm, double.Epsilon, 1e9, "above 0, or null", "The paper uses 1.");
    }

    static void CheckTraining(PreferenceTrainingSpecification specification, Findings found)
    {
        var training = specification.Training;
        if (training.Steps is null == training.Epochs is null)
            found.Add("training.steps", training.Steps is null ? "neither steps nor epochs" : "both steps and epochs", "one of the two", "Set the other to null.");
        if (training.Steps is { } steps) found.Range("training.steps", steps, 1, int.MaxValue, "Optimizer steps.");
        if (training.Epochs is { } epochs) found.Range("training.epochs", epochs, 1, int.MaxValue, "Passes over the pairs.");
        found.Range("training.batch_size", training.BatchSize, 1, 65_535, "Pairs of an optimizer step.");
        found.Range("training.micro_batch_size", training.MicroBatchSize, 1, int.MaxValue, "Pairs whose gradients are computed together.");
        if (training.InBatchNegatives && training.MicroBatchSize < training.BatchSize)
            found.Add("training.micro_batch_size", training.MicroBatchSize, $"batch_size ({training.BatchSize}) with in_batch_negatives",
                "The pairs of a batch are contrasted with each other, so they must be computed together.");
        if (training.Precision == NumberType.Float16)
            found.Add("training.precision", "float16", "float32 or bfloat16", "Gradients in float16 need loss scaling; bfloat16 needs none.");
    }

    static void CheckValidation(JudgeValidationSpecification validation, Findings found)
    {
        found.Range("validation.every", validation.Every, 0, int.MaxValue, "0 switches validation off.");
        if (validation.Pairs is { } pairs) found.Range("validation.pairs", pairs, 1, int.MaxValue, "null takes all.");
        if (validation.Timesteps.Count == 0) found.Add("validation.timesteps", "an empty list", "timesteps", "Set validation.every to 0 for no validation.");
        foreach (var t in validation.Timesteps) found.Range("validation.timesteps", t, 0, TrainingTimesteps - 1, "0 shows the images as they are.");
    }
}
