using System.CommandLine;
using System.Globalization;
using SpoActors.ShapesWorld.Evaluation;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Storage;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes judge-accuracy</c>: how often the judges are right, timestep by timestep, and what they look at.</summary>
sealed class JudgesCommand : Command
{
    readonly Option<string> model = new("--model") { Description = "The model's folder, with oracle and judges in it.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world") };
    readonly Option<int> prompts = ShapesOutput.Count("--prompts", "Held-out prompts, five images each.", 60);
    readonly Option<int> scenes = ShapesOutput.Count("--scenes", "Scenes of the regression on the true qualities.", 300, least: 20);
    readonly Option<ulong> seed = new("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 555 };
    readonly Option<string?> plot = new("--plot") { Description = "A PNG file for the curves." };
    readonly Option<string> format = ShapesOutput.Format();
    readonly ShapesOutput output;

    public JudgesCommand(ShapesOutput output) : base("judge-accuracy", "Measure the judges against the noiseless oracle at each timestep, and the signs of what they look at.")
    {
        this.output = output;
        foreach (Option option in new Option[] { model, prompts, scenes, seed, plot, format }) Options.Add(option);
        SetAction((parsed, cancel) => Task.FromResult(Execute(parsed, cancel)));
    }

    int Execute(ParseResult parsed, CancellationToken cancel)
    {
        NativeLibtorch.EnsureLoaded();
        TorchSharp.torch.set_num_threads(1);
        var folder = parsed.GetValue(model)!;
        using var diffusion = DiffusionModel.Load(new ModelSpecification { Path = folder });
        using var oracle = ShapesOracle.Load(Path.Combine(folder, ChainStages.Oracle));
        var judges = Judge.LoadAll(folder);
        try
        {
            var report = new JudgeReport(
                JudgeAccuracy.Run(diffusion, oracle, judges, parsed.GetValue(prompts), parsed.GetValue(seed), output.Words, cancel),
                JudgeSigns.Run(diffusion, judges, parsed.GetValue(scenes), parsed.GetValue(seed), output.Words, cancel));
            if (parsed.GetValue(plot) is { } file) AtomicFile.Write(file, Plot(report));
            output.Result(parsed.GetValue(format)!, report, Tables);
            return 0;
        }
        finally
        {
            foreach (var judge in judges) judge.Dispose();
        }
    }

    sealed record JudgeReport(IReadOnlyList<JudgeAccuracyPoint> Accuracy, IReadOnlyList<JudgeSignsPoint> Signs);

    static byte[] Plot(JudgeReport report) => LineCharts.Draw([new LineCharts.Panel("Pair accuracy against the noiseless oracle", "timestep",
        [.. report.Accuracy.GroupBy(p => p.Judge).Select(g => new LineCharts.Line(g.Key, [.. g.Select(p => ((double)p.Timestep, p.Accuracy.Mean))]))])]);

    static IEnumerable<ShapesTable> Tables(JudgeReport report)
    {
        var names = report.Accuracy.Select(p => p.Judge).Distinct().ToArray();
        yield return new("Share of pairs in which a judge prefers the better image, 95 % intervals",
            ["timestep", .. names, .. names.Skip(1).Select(n => $"{names[0]} - {n}")],
            [.. report.Accuracy.GroupBy(p => p.Timestep).Select(g => (IReadOnlyList<string>)
                [Text(g.Key), .. g.Select(p => EvaluationTables.Text(p.Accuracy)), .. g.Skip(1).Select(p => EvaluationTables.Text(p.Lead!, signed: true))])]);
        yield return new("Change of the score from best to worst on each true axis (below 0 is right)",
            ["judge", "timestep", "blur", "noise", "desaturation", "flatness", "R2", "signs"],
            [.. report.Signs.Select(s => (IReadOnlyList<string>)
                [s.Judge, Text(s.Timestep), Text(s.Blur), Text(s.Noise), Text(s.Desaturation), Text(s.Flatness), Text(s.Explained), s.AreRight ? "right" : "wrong"])]);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    static string Text(double number) => number.ToString("0.000", CultureInfo.InvariantCulture);
}
