using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// Opens everything that a training names, after a look at all of it: what is wrong with files, columns, labels and models is reported
/// together, before anything is loaded.
/// </summary>
public sealed class JudgeInputs : IDisposable
{
    readonly PreferenceTrainingSpecification settings;
    readonly StartingFiles start;
    readonly PairIndex train, validation;
    readonly List<IDisposable> owned = [];

    JudgeInputs(PreferenceTrainingSpecification settings, StartingFiles start, PairIndex train, PairIndex validation) =>
        (this.settings, this.start, this.train, this.validation) = (settings, start, train, validation);

    /// <summary>Pairs to train on.</summary>
    public int TrainingPairs => train.Count;

    /// <summary>Looks at all inputs.</summary>
    /// <exception cref="SpecificationException">Something is wrong; every problem is listed.</exception>
    public static JudgeInputs Check(PreferenceTrainingSpecification settings)
    {
        var problems = new List<Problem>();
        var start = StartingFiles.Check(settings.Start, problems);
        ModelInputs.Check(settings.Model, problems)?.Dispose();
        var (train, validation) = Scan(settings.Data, problems);
        if (problems.Count == 0 && train.Count == 0)
            problems.Add(new Problem("data.train", "files without a labelled pair", "at least one pair", "Correct the path."));
        return problems.Count == 0 ? new JudgeInputs(settings, start!, train, validation) : throw new SpecificationException($"the training '{settings.Name}'", problems);
    }

    /// <summary>Loads the models. The caller's thread owns the device from now on.</summary>
    public JudgeParts Load()
    {
        if (settings.Model.Threads > 0) set_num_threads(settings.Model.Threads);
        var model = Own(DiffusionModel.Load(settings.Model));
        var random = new PairRandom(settings.Seed);
        var network = Own(start.Network(settings.Start.StepConditioning, settings.Seed, model.Device));
        var preparation = new PairPreparation(model, settings.Distortion, settings.Data.Resolution, start.Preprocessing, start.Tokenizer, random);
        var pairs = Own(new ParquetPairs(train, settings.Seed, settings.Data.MixedRowGroups, settings.Data.SkipUndecodable));
        var labelling = Own(settings.Labels.Source == LabelSource.Dataset ? new PairLabelling() : start.Labelling(settings.Labels.Threshold, model.Device));
        return new JudgeParts(network, pairs, preparation, labelling, Validation(), start.Processor);
    }

    public void Dispose()
    {
        foreach (var part in Enumerable.Reverse(owned)) part.Dispose();
    }

    T Own<T>(T part) where T : IDisposable
    {
        owned.Add(part);
        return part;
    }

    JudgeValidation? Validation()
    {
        if (settings.Validation.Every == 0 || validation.Count == 0) return null;
        var pairs = Own(new ParquetPairs(validation, settings.Seed, settings.Data.MixedRowGroups, settings.Data.SkipUndecodable));
        return new JudgeValidation(pairs, Math.Min(validation.Count, settings.Validation.Pairs ?? int.MaxValue), settings.Validation.Timesteps,
            countTies: settings.Training.Parity && settings.Labels.Source == LabelSource.Dataset);
    }

    static (PairIndex Train, PairIndex Validation) Scan(PairDataSpecification data, List<Problem> problems)
    {
        var indices = PairIndex.Scan(data.Train, "data.train", problems,
            [row => !PairIndex.IsHeldOut(row.Caption, data.ValidationShare), row => row.HasLabel && PairIndex.IsHeldOut(row.Caption, data.ValidationShare)]);
        return data.Validation.Count == 0
            ? (indices[0], indices[1])
            : (indices[0], PairIndex.Scan(data.Validation, "data.validation", problems, [row => row.HasLabel])[0]);
    }
}
