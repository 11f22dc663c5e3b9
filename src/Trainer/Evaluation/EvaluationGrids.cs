using System.Globalization;
using SpoActors.Specification;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Evaluation;

/// <summary>Draws the evaluation prompts into a grid: a row for each prompt, a column for each seed.</summary>
public sealed class EvaluationGrids(EvaluationSamples samples, EvaluationSpecification evaluation, IRunProgress progress)
{
    /// <summary>Draws with the adapter as it is now; nothing if the configuration asks for no samples.</summary>
    public void Draw(string path, string moment, CancellationToken cancellation)
    {
        if (samples.Prompts.Count == 0) return;
        progress.Report(new RunMessage(MessageLevel.Information, $"drawing {samples.Prompts.Count * evaluation.Seeds.Count} samples {moment} training"));
        IReadOnlyList<Tensor> tensors;
        try
        {
            tensors = samples.Draw(cancellation);
        }
        catch (NotFiniteNumberException e)
        {
            // Samples are to look at: whether the run can go on, its scores say.
            progress.Report(new RunMessage(MessageLevel.Warning, $"no samples {moment} training: {e.Message}"));
            return;
        }
        try
        {
            var images = tensors.Select(t => t.ToPixelImage()).Chunk(evaluation.Seeds.Count).ToArray();
            var grid = LabelledGrid.Draw([.. samples.Prompts.Select((prompt, i) => new LabelledGrid.Row(prompt, images[i]))],
                [.. evaluation.Seeds.Select(seed => string.Create(CultureInfo.InvariantCulture, $"seed {seed}"))]);
            AtomicFile.Write(path, PngFile.Encode(grid, new Dictionary<string, string>
            {
                ["Software"] = "SpoActors",
                ["prompts"] = string.Join('\n', samples.Prompts),
                ["settings"] = string.Create(CultureInfo.InvariantCulture,
                    $"{moment} training; seeds {string.Join(", ", evaluation.Seeds)}; {evaluation.Scheduler}, {evaluation.Steps} steps, guidance {evaluation.GuidanceScale}"),
            }));
        }
        finally
        {
            foreach (var tensor in tensors) tensor.Dispose();
        }
    }
}
