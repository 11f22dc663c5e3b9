using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>
/// Draws the held-out prompts with a model, with or without a LoRA, and has the oracle read the images. An image depends on its number and on
/// the settings alone: before and after training it starts from the same noise, however many workers there are.
/// </summary>
/// <param name="model">A folder of this world: a diffusers model with the oracle in it.</param>
/// <param name="settings">What is drawn.</param>
public sealed class ModelEvaluation(string model, EvaluationSettings settings)
{
    readonly IReadOnlyList<SceneDescription> prompts = PromptSplit.Validation(settings.Seed, settings.Prompts);

    /// <summary>Looks at what will be read, before anything is drawn.</summary>
    /// <param name="loras">LoRA files.</param>
    /// <exception cref="SpoActors.Trainer.Checkpoints.CheckpointException">The model, the oracle or a LoRA cannot be used.</exception>
    /// <exception cref="LoraException">A LoRA is of another model.</exception>
    public void Check(IEnumerable<string> loras)
    {
        using var scope = NewDisposeScope();
        using var diffusion = DiffusionModel.Load(new ModelSpecification { Path = model });
        using var oracle = ShapesOracle.Load(Path.Combine(model, ChainStages.Oracle));
        foreach (var lora in loras)
        {
            try
            {
                LoraAdapter.Attach(diffusion.UNet, LoraWeights.Read(lora, diffusion.UNet)).Dispose();
            }
            catch (LoraException e)
            {
                throw new LoraException($"'{lora}': {e.Message}");
            }
        }
    }

    /// <summary>Measures.</summary>
    /// <param name="lora">A LoRA file, or null for the model as it is.</param>
    /// <param name="workers">Threads, each with a model of its own.</param>
    /// <param name="progress">Told the number of images done; on the workers' threads, one call at a time.</param>
    /// <param name="cancel">Stops after the batches at hand.</param>
    /// <exception cref="SpoActors.Trainer.Checkpoints.CheckpointException">A model or the LoRA cannot be used.</exception>
    public IReadOnlyList<ImageVerdict> Run(string? lora, int workers, Action<int> progress, CancellationToken cancel = default)
    {
        var batches = Enumerable.Range(0, prompts.Count).Chunk(settings.BatchSize).ToArray();
        var verdicts = new ImageVerdict[prompts.Count];
        var (next, done, reporting) = (0, 0, new Lock());
        Workers.Run(Math.Min(workers, batches.Length), _ =>
        {
            // Parallelism is workers; OpenMP threads inside of them only get into each other's way.
            set_num_threads(1);
            using var diffusion = DiffusionModel.Load(new ModelSpecification { Path = model });
            using var oracle = ShapesOracle.Load(Path.Combine(model, ChainStages.Oracle));
            using var adapter = Attach(diffusion, lora);
            while (Interlocked.Increment(ref next) - 1 is var at && at < batches.Length)
            {
                cancel.ThrowIfCancellationRequested();
                Measure(diffusion, oracle, batches[at], verdicts);
                lock (reporting) progress(done += batches[at].Length);
            }
        });
        return verdicts;
    }

    static LoraAdapter? Attach(DiffusionModel diffusion, string? lora)
    {
        if (lora is null) return null;
        using var scope = NewDisposeScope();
        var adapter = LoraAdapter.Attach(diffusion.UNet, LoraWeights.Read(lora, diffusion.UNet));
        adapter.Merge();
        return adapter;
    }

    void Measure(DiffusionModel diffusion, ShapesOracle oracle, int[] indices, ImageVerdict[] verdicts)
    {
        using var scope = NewDisposeScope();
        var size = diffusion.LatentSize(null, null);
        var request = new TextToImageRequest
        {
            Prompts = [.. indices.Select(i => prompts[i].Caption)],
            Steps = settings.Steps,
            GuidanceScale = settings.GuidanceScale,
            Eta = settings.Eta,
        };
        var bytes_BCHW = new TextToImagePipeline(diffusion).Generate(request,
            cat([.. indices.Select(i => CounterBasedRandom.EvaluationLatents(settings.Seed, i, size.Channels, size.Height, size.Width))]),
            step => cat([.. indices.Select(i => CounterBasedRandom.EvaluationNoise(settings.Seed, i, step, size.Channels, size.Height, size.Width))]));
        var readings = oracle.Read(bytes_BCHW.to_type(ScalarType.Float32) / 127.5 - 1);
        using var rows_BHWC = bytes_BCHW.permute(0, 2, 3, 1).contiguous();
        var pixels = rows_BHWC.data<byte>().ToArray();
        var length = pixels.Length / indices.Length;
        for (var b = 0; b < indices.Length; b++)
            verdicts[indices[b]] = new ImageVerdict(prompts[indices[b]], readings[b], ImageChecks.Of(pixels.AsSpan(b * length, length)));
    }
}
