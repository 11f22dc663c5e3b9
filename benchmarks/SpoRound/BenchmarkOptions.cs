using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Specification;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>Options that several commands have, and how a result is written.</summary>
sealed class BenchmarkOptions
{
    static readonly JsonSerializerOptions Format = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public Option<string> Models { get; } = new("--models") { Required = true, Description = "Folder written by the peer's --export; a tokenizer is added to it" };

    public Option<string> Size { get; } = new("--size") { DefaultValueFactory = _ => "mid" };

    public Option<string> Dtype { get; } = new("--dtype") { DefaultValueFactory = _ => "fp32", Description = "fp32 or bf16" };

    public Option<int> Prompts { get; } = new("--prompts") { DefaultValueFactory = _ => 1 };

    public Option<int> Threads { get; } = new("--threads") { DefaultValueFactory = _ => 1 };

    public Option<int> Batch { get; } = new("--batch") { DefaultValueFactory = _ => 10, Description = "Pairs of a minibatch" };

    public Option<int> Steps { get; } = new("--steps") { DefaultValueFactory = _ => 20 };

    public Option<string?> Json { get; } = new("--json") { Description = "File for the result; standard output if absent" };

    public IEnumerable<Option> All => [Models, Size, Dtype, Prompts, Threads, Batch, Steps, Json];

    /// <summary>The peer's settings.</summary>
    public RunSpecification Run(ParseResult parsed)
    {
        set_num_threads(parsed.GetValue(Threads));
        var steps = parsed.GetValue(Steps);
        return new RunSpecification
        {
            Model = new ModelSpecification { Dtype = parsed.GetValue(Dtype) == "bf16" ? NumberType.BFloat16 : NumberType.Float32 },
            Judge = new JudgeSpecification { BatchSize = int.MaxValue },
            Sampling = new SamplingSpecification { Steps = steps, DivertStartStep = steps <= 4 ? 0 : 4, BatchSize = parsed.GetValue(Prompts) },
            Pairs = new PairSpecification { Threshold = -1 },
            Training = new TrainingSpecification { BatchSize = parsed.GetValue(Batch) },
        };
    }

    public void Write(ParseResult parsed, object result) => Write(parsed.GetValue(Json), result);

    public static void Write(string? file, object result)
    {
        var json = JsonSerializer.Serialize(result, Format);
        if (file is not null) File.WriteAllText(file, json);
        else Console.WriteLine(json);
    }
}
