using System.CommandLine;
using System.Globalization;
using SpoActors.Benchmarks.ControlPlane;
using SpoActors.Specification.Yaml;

// Only the tables are wanted.
foreach (var category in (string[])["Default", "Orleans"]) Environment.SetEnvironmentVariable($"Logging__LogLevel__{category}", "Error");
var what = new Argument<string>("what") { Description = "throughput, overlap, overhead, scaling or all (but for scaling).", DefaultValueFactory = _ => "all" };
var repetitions = new Option<int>("--repetitions") { Description = "Of the overhead's pairs of runs.", DefaultValueFactory = _ => 3 };
var rounds = new Option<int>("--rounds") { Description = "Of each of the overhead's runs.", DefaultValueFactory = _ => 8 };
var samplers = new Option<int[]>("--samplers") { Description = "Of the throughput.", DefaultValueFactory = _ => [1, 4, 16, 64], AllowMultipleArgumentsPerToken = true };
var gpus = new Option<int[]>("--gpus") { Description = "Of scaling.", DefaultValueFactory = _ => [4, 8, 64, 512], AllowMultipleArgumentsPerToken = true };
var teraflops = new Option<double>("--teraflops") { Description = "What a GPU of scaling does in a second.", DefaultValueFactory = _ => 125 };
var speedUp = new Option<double>("--speed-up") { Description = "How much shorter scaling's stages are than a GPU's.", DefaultValueFactory = _ => 100 };
var root = new RootCommand("Measures the pipeline without the models: what dispatch, channels, leases and commits cost.") { what, samplers, repetitions, rounds, gpus, teraflops, speedUp };
root.SetAction(async arguments =>
{
    var chosen = arguments.GetValue(what)!;
    if (chosen is "throughput" or "all")
    {
        Console.WriteLine("| samplers | items a round | items/s | dispatch to consume p50 ms | p99 ms |\n|---|---|---|---|---|");
        foreach (var count in arguments.GetValue(samplers)!) Console.WriteLine(await Throughput.MeasureAsync(count));
    }
    if (chosen is "overlap" or "all")
    {
        Console.WriteLine("\n| staleness | longest stage ms | sum of stages ms | round ms | round / longest stage |\n|---|---|---|---|---|");
        foreach (var staleness in (int[])[0, 1, 2]) Console.WriteLine(await Overlap.MeasureAsync(staleness));
    }
    if (chosen is "overhead" or "all")
    {
        var run = SpecificationFile.Load(
            "config/tiny.yaml", [string.Create(CultureInfo.InvariantCulture, $"training.rounds={arguments.GetValue(rounds)}"), "evaluation.count=0"]);
        Console.WriteLine("\n| | rounds | median ms | fastest ms | outside the stages, median ms |\n|---|---|---|---|---|");
        foreach (var line in await Overhead.MeasureAsync(run, arguments.GetValue(repetitions))) Console.WriteLine(line);
    }
    if (chosen is "scaling")
    {
        Console.WriteLine("| model | GPUs | samplers / scorers / trainers | prompts a round | prompts/h | samplers busy | scorers busy | trainer busy |\n|---|---|---|---|---|---|---|---|");
        foreach (var cost in (PromptCost[])[PromptCost.Sd15, PromptCost.Sdxl])
            foreach (var count in arguments.GetValue(gpus)!)
                Console.WriteLine(await Scaling.MeasureAsync(cost, count, arguments.GetValue(teraflops), arguments.GetValue(speedUp)));
    }
});
return await root.Parse(args).InvokeAsync();
