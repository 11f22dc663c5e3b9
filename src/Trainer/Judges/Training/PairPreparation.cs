using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// Makes of labelled pairs what the preference model sees: images brought to the base model's size, distorted as sampling would show them
/// (<see cref="PairDistortion"/>), and preprocessed for the vision tower.
/// </summary>
public sealed class PairPreparation
{
    readonly PairDistortion distortion;
    readonly DistortionSpecification settings;
    readonly JudgePreprocessing preprocessing;
    readonly ClipTokenizer tokenizer;
    readonly PromptEncoder prompts;
    readonly PairRandom random;
    readonly LatentSize latent;
    readonly Device device;
    readonly int resolution;

    /// <param name="model">The frozen base model.</param>
    /// <param name="settings">Timesteps and guidance.</param>
    /// <param name="resolution">Side of the images in pixels; null for the model's own.</param>
    /// <param name="preprocessing">The preference model's.</param>
    /// <param name="tokenizer">The preference model's.</param>
    /// <param name="random">Timesteps and noise.</param>
    /// <exception cref="ArgumentException">The base model cannot make images of that size.</exception>
    public PairPreparation(DiffusionModel model, DistortionSpecification settings, int? resolution, JudgePreprocessing preprocessing, ClipTokenizer tokenizer, PairRandom random)
    {
        (this.settings, this.preprocessing, this.tokenizer, this.random, device) = (settings, preprocessing, tokenizer, random, model.Device);
        this.resolution = resolution ?? model.DefaultSide;
        latent = model.LatentSize(this.resolution, this.resolution);
        prompts = model.Prompts.ForImages(SizeConditioning.Of(this.resolution, this.resolution));
        distortion = new PairDistortion(model.UNet, model.Decoder.Vae, model.Schedule, settings.GuidanceScale);
    }

    /// <summary>Captions so far that were longer than the preference model's context, and were cut.</summary>
    public int CaptionsCut { get; set; }

    /// <summary>A part of a training step's pairs, each at a timestep of its own.</summary>
    /// <param name="step">The step.</param>
    /// <param name="firstPair">Place of the first pair in the step's batch.</param>
    /// <param name="pairs">The part.</param>
    /// <param name="labels">Their labels.</param>
    public PairBatch ForTraining(int step, int firstPair, IReadOnlyList<LabelledPair> pairs, PairLabels labels)
    {
        using var scope = NewDisposeScope();
        CaptionsCut += pairs.Count(p => tokenizer.EncodeUnpadded(p.Caption, tokenizer.MaxLength + 1).Length > tokenizer.MaxLength);
        var timesteps_B = tensor(Enumerable.Range(firstPair, pairs.Count).Select(i => random.Timestep(step, i, settings.FirstTimestep, settings.LastTimestep)).ToArray(), device: device);
        var noise = random.Training(step, firstPair, pairs.Count, latent.Channels, latent.Height, latent.Width);
        return Leave(Distorted(pairs, timesteps_B, noise, labels));
    }

    /// <summary>Validation pairs at one timestep; at 0 the images are shown as they are.</summary>
    public PairBatch ForValidation(int timestep, int firstPair, IReadOnlyList<LabelledPair> pairs, PairLabels labels)
    {
        using var scope = NewDisposeScope();
        var timesteps_B = full([pairs.Count], timestep, ScalarType.Int64, device);
        return Leave(timestep == 0
            ? Batch(pairs, Images(pairs, p => p.First), Images(pairs, p => p.Second), timesteps_B, labels)
            : Distorted(pairs, timesteps_B, random.Validation(timestep, firstPair, pairs.Count, latent.Channels, latent.Height, latent.Width), labels));
    }

    PairBatch Distorted(IReadOnlyList<LabelledPair> pairs, Tensor timesteps_B, PairNoise noise, PairLabels labels)
    {
        using var noGradient = no_grad();
        var negative = prompts.EncodeUnconditional();
        var positive = prompts.Encode([.. pairs.Select(p => p.Caption)]);
        Tensor Distort(Tensor images_BCHW, Tensor encoderNoise_BChw)
        {
            List<Tensor> decoded = [];
            for (var at = 0; at < pairs.Count; at += settings.BatchSize)
            {
                var count = Math.Min(settings.BatchSize, pairs.Count - at);
                Tensor Rows(Tensor t) => t.narrow(0, at, count);
                using var part = NewDisposeScope();
                var images = distortion.Distort(Rows(images_BCHW), Rows(timesteps_B), Rows(encoderNoise_BChw), Rows(noise.Diffusion), negative.Gather([.. Enumerable.Repeat(0, count)]), positive.Gather([.. Enumerable.Range(at, count)]));
                decoded.Add(images.Decoded.MoveToOuterDisposeScope());
            }
            return cat(decoded);
        }
        return Batch(pairs, Distort(Images(pairs, p => p.First), noise.FirstEncoder), Distort(Images(pairs, p => p.Second), noise.SecondEncoder), timesteps_B, labels);
    }

    PairBatch Batch(IReadOnlyList<LabelledPair> pairs, Tensor first_BCHW, Tensor second_BCHW, Tensor timesteps_B, PairLabels labels) => new(
        ((IPromptTokenizer)tokenizer).EncodeBatch([.. pairs.Select(p => p.Caption)]).to(device),
        preprocessing.ForTraining(first_BCHW), preprocessing.ForTraining(second_BCHW), timesteps_B, labels.To(device));

    Tensor Images(IReadOnlyList<LabelledPair> pairs, Func<LabelledPair, Imaging.PixelImage> image) =>
        stack([.. pairs.Select(p => JudgePreprocessing.DatasetImage(image(p), resolution))]).to(device);

    static PairBatch Leave(PairBatch batch)
    {
        foreach (var tensor in new[] { batch.InputIds_BL, batch.First_BCHW, batch.Second_BCHW, batch.Timesteps_B, batch.Labels.First_B, batch.Labels.Second_B, batch.Labels.ExamplesPerPrompt_B })
            tensor.MoveToOuterDisposeScope();
        return batch;
    }
}
