using System.CommandLine;
using SpoActors.ShapesWorld.Evaluation;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes evaluate</c>: what the oracle says of a model's images, and how a LoRA changes it.</summary>
sealed class EvaluateCommand : Command
{
    readonly Option<string> model = new("--model") { Description = "The model's folder, with the oracle in it.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world") };
    readonly Option<string[]> lora = new("--lora") { Description = "A LoRA file to compare the model with; several are each compared with it, and the model is measured once.", AllowMultipleArgumentsPerToken = true };
    readonly Option<int> prompts = ShapesOutput.Count("--prompts", "Held-out prompts, one image each.", new EvaluationSettings().Prompts);
    readonly Option<ulong> seed = new("--seed") { Description = "Of prompts, noise and intervals.", DefaultValueFactory = _ => new EvaluationSettings().Seed };
    readonly Option<int> steps = ShapesOutput.Count("--steps", "Denoising steps.", new EvaluationSettings().Steps);
    readonly Option<double> guidance = new("--guidance-scale") { Description = "Classifier-free guidance.", DefaultValueFactory = _ => new EvaluationSettings().GuidanceScale };
    readonly Option<int> workers = ShapesOutput.Count("--workers", "Threads, each with a model of its own; the figures do not depend on it.", Environment.ProcessorCount);
    readonly Option<string> format = ShapesOutput.Format();
    readonly ShapesOutput output;

    public EvaluateCommand(ShapesOutput output) : base("evaluate", "Measure a model on held-out prompts, with and without a LoRA, from the same seeds.")
    {
        this.output = output;
        foreach (Option option in new Option[] { model, lora, prompts, seed, steps, guidance, workers, format }) Options.Add(option);
        SetAction((parsed, cancel) => Task.FromResult(Execute(parsed, cancel)));
    }

    int Execute(ParseResult parsed, CancellationToken cancel)
    {
        var settings = new EvaluationSettings
        {
            Prompts = parsed.GetValue(prompts),
            Seed = parsed.GetValue(seed),
            Steps = parsed.GetValue(steps),
            GuidanceScale = parsed.GetValue(guidance),
        };
        var evaluation = new ModelEvaluation(parsed.GetValue(model)!, settings);
        var files = parsed.GetValue(lora) ?? [];
        evaluation.Check(files);
        var before = Measure("without LoRA", null);
        if (files.Length == 0) Show(null);
        foreach (var file in files) Show(Measure($"with {file}", file));
        return 0;

        void Show(IReadOnlyList<ImageVerdict>? after) => output.Result(parsed.GetValue(format)!, EvaluationComparison.Of(before, after, settings.Seed), EvaluationTables.Of);

        IReadOnlyList<ImageVerdict> Measure(string name, string? file) => evaluation.Run(file, parsed.GetValue(workers),
            done => output.Words(FormattableString.Invariant($"{name}: {done}/{settings.Prompts} images")), cancel);
    }
}
