using System.Globalization;
using System.Text;
using System.Text.Json;
using SpoActors.ShapesWorld.Commands;
using SpoActors.ShapesWorld.Evaluation;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Training;

namespace SpoActors.ShapesWorld.Packaging;

/// <summary>The text of the shipped model's README.md.</summary>
static class ModelCard
{
    /// <param name="work">The training's work folder: what its stages noted.</param>
    /// <param name="validation">Of the oracle.</param>
    /// <param name="evaluation">Of the base model.</param>
    /// <param name="settings">The evaluation's.</param>
    public static string Write(string work, OracleValidation validation, EvaluationComparison evaluation, EvaluationSettings settings)
    {
        var chain = new ChainSettings();
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            ---
            license: apache-2.0
            library_name: diffusers
            pipeline_tag: text-to-image
            ---

            # ShapesWorld

            A text-to-image model of 64x64 pictures of coloured shapes, with the judges that SPO needs, trained from nothing on two processor cores by
            this repository's own code (`docs/shapesworld.md`). It is a test bench for preference optimization, of no other use.

            The folder is in diffusers' and transformers' layout: `StableDiffusionPipeline.from_pretrained` loads it as it is. `oracle` reads images
            (objects, and four qualities) and is never trained against; `pickscore` and `spm` are CLIP preference models without and with step conditioning.

            - **Data**: {chain.Images} scenes drawn by `samples/ShapesWorld/World` from seed {chain.Seed}; no picture, text or weight comes from elsewhere.
              Held-out combinations of shape and colour (see `PromptSplit`) were never drawn in training.
            - **Recipe**: `spo shapes train`, its defaults: oracle {chain.OracleSteps} steps; VAE {chain.VaeCropSteps} on crops and {chain.VaeWholeSteps} on whole images; CLIP {chain.ClipSteps};
              UNet {chain.UNetSteps} (epsilon, min-SNR-5, 10 % caption dropout, EMA); {chain.PreferenceFiles} files of preferences by the base model; PickScore {chain.PickScoreSteps}; SPM {chain.SpmSteps}.
            - **Seeds**: {chain.Seed} for data and weights; {settings.Seed} for the evaluation below.
            - **Licence**: Apache-2.0, as the code.
            - **Files**: sizes and SHA-256 in `files.json`; `spo shapes verify` compares them.

            ## Training

            | stage | figures |
            |---|---|

            """));
        foreach (var stage in ChainStages.Stages)
            text.Append(CultureInfo.InvariantCulture, $"| {stage} | {string.Join(", ", Figures(work, stage))} |\n");
        Tables(text, "## The oracle", ValidationTables.Of(validation));
        Tables(text, string.Create(CultureInfo.InvariantCulture,
            $"## The base model\n\n{settings.Prompts} held-out prompts, DDIM {settings.Steps} steps, eta {settings.Eta}, guidance {settings.GuidanceScale}."), EvaluationTables.Of(evaluation));
        text.Append("\nAxes (`blur`, `noise`, `desaturation`, `flatness`) are 0 best to 1 worst. What the figures do not show stands in `docs/shapesworld.md`.\n");
        return text.ToString();
    }

    static IEnumerable<string> Figures(string work, string stage)
    {
        var figures = JsonSerializer.Deserialize<Dictionary<string, double>>(File.ReadAllBytes(Path.Combine(work, stage, StageRunner.DoneFile)))!;
        return figures.Where(f => f.Key != StageRunner.SecondsKey).OrderBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value:0.####}"));
    }

    static void Tables(StringBuilder text, string heading, IEnumerable<ShapesTable> tables)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{heading}\n");
        foreach (var table in tables)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{table.Title}:\n\n| {string.Join(" | ", table.Columns)} |\n|{string.Concat(table.Columns.Select(_ => "---|"))}\n");
            foreach (var row in table.Rows) text.Append(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |\n");
        }
    }
}
