using System.CommandLine;
using SpoActors.ShapesWorld.Preference;
using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Commands;

/// <summary><c>shapes pairs</c>: the data set of the methods that learn from pairs of images.</summary>
sealed class PairsCommand : Command
{
    readonly Argument<string> file = new("file") { Description = "The parquet file to write, in Pick-a-Pic's layout." };
    readonly Option<string> model = new("--model") { Description = "The model's folder, with the judge in it.", DefaultValueFactory = _ => Path.Combine("models", "shapes-world") };
    readonly Option<string> prompts = new("--prompts") { Description = "Training captions, one a line.", DefaultValueFactory = _ => Path.Combine("config", "prompts", "shapes.txt") };
    readonly Option<int> count = ShapesOutput.Count("--count", "Prompts, drawn from the different ones of the list.", 160);
    readonly Option<double> threshold = new("--threshold") { Description = "Pairs are kept whose images' probabilities to win differ by more.", DefaultValueFactory = _ => 0.05 };
    readonly Option<ulong> seed = new("--seed") { Description = "Of everything random.", DefaultValueFactory = _ => 7 };
    readonly ShapesOutput output;

    const int Candidates = 4;

    public PairsCommand(ShapesOutput output) : base("pairs", "Draw images of training captions with the base model and pair the one that the shipped judge likes best with its worst.")
    {
        this.output = output;
        Arguments.Add(file);
        foreach (Option option in new Option[] { model, prompts, count, threshold, seed }) Options.Add(option);
        SetAction((parsed, cancel) => Task.FromResult(Execute(parsed, cancel)));
    }

    int Execute(ParseResult parsed, CancellationToken cancel)
    {
        NativeLibtorch.EnsureLoaded();
        set_num_threads(1);
        var (folder, from) = (parsed.GetValue(model)!, parsed.GetValue(seed));
        var chosen = Choose(PromptFile.Read(new PromptSpecification { Path = parsed.GetValue(prompts)! }), parsed.GetValue(count), from);
        using var diffusion = DiffusionModel.Load(new ModelSpecification { Path = folder });
        using var judge = JudgeLoader.Load(new JudgeSpecification { Kind = JudgeKind.Spm, Path = Path.Combine(folder, ChainStages.Spm) }, CPU);
        var pairs = new JudgedPairs(diffusion, judge, from).Create(chosen, Candidates, parsed.GetValue(threshold),
            done => output.Words(FormattableString.Invariant($"{done}/{chosen.Count} prompts")), cancel);
        PickAPicFile.Write(parsed.GetValue(file)!, pairs);
        output.Words(FormattableString.Invariant($"{pairs.Count} pairs of {chosen.Count} prompts kept"));
        output.Data(parsed.GetValue(file)!);
        return 0;
    }

    /// <summary>Different prompts in a random order.</summary>
    internal static IReadOnlyList<string> Choose(IReadOnlyList<string> all, int count, ulong seed)
    {
        var random = new SceneRandom(seed, WorldDraw.Order, 0);
        var distinct = all.Distinct().ToArray();
        for (var i = distinct.Length - 1; i > 0; i--)
        {
            var other = random.Below(i + 1);
            (distinct[i], distinct[other]) = (distinct[other], distinct[i]);
        }
        return [.. distinct.Take(count)];
    }
}
