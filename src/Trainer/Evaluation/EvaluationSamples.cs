using SpoActors.Specification;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Evaluation;

/// <summary>Images of the same prompts from the same seeds, before and after training.</summary>
public sealed class EvaluationSamples(DiffusionModel model, RunSpecification run, IReadOnlyList<string> trainingPrompts)
{
    /// <summary>The prompts: those of the configuration, or else the first of the training list.</summary>
    public IReadOnlyList<string> Prompts { get; } =
        run.Evaluation.Prompts.Count > 0 ? run.Evaluation.Prompts : [.. trainingPrompts.Take(run.Evaluation.Count)];

    /// <summary>Draws every prompt with every seed, with the adapter as it is now.</summary>
    /// <returns>8-bit images [3, H, W] on the CPU, prompt by prompt, seed by seed; owned by the caller.</returns>
    public IReadOnlyList<Tensor> Draw(CancellationToken cancellation = default)
    {
        var size = model.LatentSize(run.Sampling);
        var pipeline = new TextToImagePipeline(model);
        var images = new List<Tensor>();
        for (int p = 0; p < Prompts.Count; p++)
        {
            foreach (var seed in run.Evaluation.Seeds)
            {
                using var scope = NewDisposeScope();
                // An image at a time: it depends on its prompt and seed alone.
                var image = pipeline.Generate(
                    new TextToImageRequest
                    {
                        Prompts = [Prompts[p]],
                        Steps = run.Evaluation.Steps,
                        GuidanceScale = run.Evaluation.GuidanceScale,
                        Scheduler = run.Evaluation.Scheduler,
                        Eta = run.Evaluation.Eta,
                        Height = run.Sampling.Height,
                        Width = run.Sampling.Width,
                    },
                    CounterBasedRandom.EvaluationLatents(seed, p, size.Channels, size.Height, size.Width),
                    step => CounterBasedRandom.EvaluationNoise(seed, p, step, size.Channels, size.Height, size.Width), cancellation: cancellation);
                images.Add(image[0].clone().DetachFromDisposeScope());
            }
        }
        return images;
    }
}
