using System.CommandLine;
using System.Globalization;
using SpoActors.Benchmarks.ControlPlane;
using SpoActors.Specification.Yaml;

// Only the tables are wanted.
Environment.SetEnvironmentVariable("Logging__LogLevel__Default", "Error");
var what = new Argument<string>("what") { Description = "throughput, overlap, overhead or all.", DefaultValueFactory = _ => "all" };
var repetitions = new Option<int>("--repetitions") { Description = "Of the overhead's pairs of runs.", DefaultValueFactory = _ => 3 };
var rounds = new Option<int>("--rounds") { Description = "Of each of the overhead's runs.", DefaultValueFactory = _ => 8 };
var samplers = new Option<int[]>("--samplers") { Description = "Of the throughput.", DefaultValueFactory = _ => [1, 4, 16, 64], AllowMultipleArgumentsPerToken = true };
var root = new RootCommand("Measures the pipeline without the models: what dispatch, channels, leases and commits cost.") { what, samplers, repetitions, rounds };
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
});
return await root.Parse(args).InvokeAsync();
