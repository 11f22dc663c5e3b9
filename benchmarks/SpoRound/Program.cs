using System.CommandLine;
using System.Text.Json;
using SpoActors.Benchmarks.SpoRound;
using SpoActors.Specification;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

// One SPO round on the models that the Python peer exported, with the peer's draws: the same work, so that seconds can be compared.
// Prints the peer's JSON; with --trace compares pairs, scores and losses with the peer's.
Option<string> modelsOption = new("--models") { Required = true, Description = "Folder written by the peer's --export" };
Option<string?> traceOption = new("--trace") { Description = "File written by the peer's --trace, to compare with" };
Option<string?> jsonOption = new("--json") { Description = "File for the result; standard output if absent" };
Option<string> sizeOption = new("--size") { DefaultValueFactory = _ => "mid" };
Option<string> dtypeOption = new("--dtype") { DefaultValueFactory = _ => "fp32" };
Option<int> promptsOption = new("--prompts") { DefaultValueFactory = _ => 1 };
Option<int> threadsOption = new("--threads") { DefaultValueFactory = _ => 1 };
Option<int> seedOption = new("--seed") { DefaultValueFactory = _ => 42 };
Option<int> batchOption = new("--batch") { DefaultValueFactory = _ => 10 };
Option<int> stepsOption = new("--steps") { DefaultValueFactory = _ => 20 };

var command = new RootCommand("Times one SPO round, stage by stage")
{
    modelsOption, traceOption, jsonOption, sizeOption, dtypeOption, promptsOption, threadsOption, seedOption, batchOption, stepsOption,
};
command.SetAction(parsed =>
{
    NativeLibtorch.EnsureLoaded();
    set_num_threads(parsed.GetValue(threadsOption));
    var (prompts, steps, seed) = (parsed.GetValue(promptsOption), parsed.GetValue(stepsOption), parsed.GetValue(seedOption));
    var run = new RunSpecification
    {
        Model = new ModelSpecification { Dtype = parsed.GetValue(dtypeOption) == "bf16" ? NumberType.BFloat16 : NumberType.Float32 },
        Judge = new JudgeSpecification { BatchSize = int.MaxValue },
        Sampling = new SamplingSpecification { Steps = steps, DivertStartStep = steps <= 4 ? 0 : 4, BatchSize = prompts },
        Pairs = new PairSpecification { Threshold = -1 },
        Training = new TrainingSpecification { BatchSize = parsed.GetValue(batchOption) },
    };
    using var models = new PeerModels(parsed.GetValue(modelsOption)!, run.Model.Dtype, prompts);
    // A first forward pass pays for thread pools and code paths; the peer warms up too.
    using (no_grad())
    using (NewDisposeScope()) _ = models.Decoder.Decode(randn(1, 4, models.UNet.Config.SampleSize!.Value, models.UNet.Config.SampleSize!.Value));

    // The peer seeds its first round with seed + 2.
    var round = new Round(models, run, new TorchGeneratorDraws(seed + 2), prompts, TimeProvider.System);
    var started = TimeProvider.System.GetTimestamp();
    round.Execute();
    var total = TimeProvider.System.GetElapsedTime(started).TotalSeconds;

    var agreement = parsed.GetValue(traceOption) is { } trace ? TraceComparison.Of(round, trace) : null;
    var json = JsonSerializer.Serialize(Report.Of(parsed.GetValue(sizeOption)!, run, prompts, parsed.GetValue(threadsOption), seed, round, models, total, agreement), Report.Format);
    if (parsed.GetValue(jsonOption) is { } file) File.WriteAllText(file, json);
    else Console.WriteLine(json);
    return agreement is null or { Agrees: true } ? 0 : 1;
});
return command.Parse(args).Invoke();
