using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Judges;

/// <summary>What a finished preference training hands over.</summary>
/// <param name="Folder">Its folder.</param>
/// <param name="Model">The model's folder, for <c>judge.path</c>.</param>
/// <param name="ModelHash">SHA-256 of its weights.</param>
/// <param name="Steps">Optimizer steps.</param>
/// <param name="Pairs">Pairs trained on.</param>
/// <param name="CaptionsCut">Captions longer than the context.</param>
/// <param name="PairsSkipped">Pairs left out because an image could not be decoded.</param>
/// <param name="Before">Accuracy by timestep before training: the start model's.</param>
/// <param name="After">Accuracy by timestep at the end.</param>
sealed record JudgeSummary(
    string Folder, string Model, string ModelHash, int Steps, long Pairs, int CaptionsCut, int PairsSkipped,
    IReadOnlyList<TimestepAccuracy> Before, IReadOnlyList<TimestepAccuracy> After)
{
    public static JudgeSummary Of(string folder, string model, string hash, JudgeManifest manifest, JudgeMetricsFiles files)
    {
        var validations = files.Validations();
        return new JudgeSummary(folder, model, hash, manifest.NextStep, manifest.Pairs, manifest.CaptionsCut, manifest.PairsSkipped,
            [.. validations.Where(v => v.Step == 0)], [.. validations.Where(v => v.Step == manifest.NextStep)]);
    }

    public static IEnumerable<OutputTable> Tables(JudgeSummary summary)
    {
        yield return ResultOutput.Properties("Preference model",
            ("folder", summary.Folder), ("model", summary.Model), ("weights sha-256", summary.ModelHash), ("steps", summary.Steps), ("pairs", summary.Pairs),
            ("captions cut", summary.CaptionsCut), ("pairs skipped", summary.PairsSkipped));
        if (summary.After.Count > 0)
            yield return new OutputTable("Accuracy by timestep", ["timestep", "pairs", "before", "after", "95 % +-"],
                [.. summary.After.Select(a => (IReadOnlyList<string>)[
                    ResultOutput.Text(a.Timestep), ResultOutput.Text(a.Pairs), Share(summary.Before.FirstOrDefault(b => b.Timestep == a.Timestep)?.Accuracy), Share(a.Accuracy), Share(a.HalfInterval)])]);
    }

    static string Share(double? value) => value?.ToString("0.000", CultureInfo.InvariantCulture) ?? "";
}
