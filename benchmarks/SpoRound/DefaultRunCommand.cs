using System.CommandLine;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>Rounds of the README's first command by the sequential loop, in processor seconds, which other work on the machine disturbs least.</summary>
static class DefaultRunCommand
{
    public static Command Create()
    {
        Option<string> configuration = new("--config") { DefaultValueFactory = _ => "config/shapes.yaml" };
        Option<string[]> set = new("--set") { DefaultValueFactory = _ => [], Description = "key=value, as for spo run" };
        Option<int> rounds = new("--rounds") { DefaultValueFactory = _ => 3 };
        Option<string?> json = new("--json") { Description = "File for the result; standard output if absent" };
        var command = new Command("default-run", "Rounds of a configuration") { configuration, set, rounds, json };
        command.SetAction(parsed =>
        {
            var folder = Directory.CreateTempSubdirectory("spo-benchmark-").FullName;
            try
            {
                var run = SpecificationFile.Load(parsed.GetValue(configuration)!, [.. parsed.GetValue(set)!, $"training.rounds={parsed.GetValue(rounds)}", $"output={folder}"]);
                var clock = new RoundClock();
                using (var local = new LocalRun(run, folder, clock, TimeProvider.System)) local.Execute();
                BenchmarkOptions.Write(parsed.GetValue(json), new
                {
                    Program = "SpoActors",
                    Configuration = parsed.GetValue(configuration),
                    Dtype = run.Model.Dtype.ToString(),
                    run.Model.Threads,
                    Prompts = run.Training.PromptsPerRound,
                    // The first round also pays for compilation and code paths.
                    First = clock.ProcessorSeconds[0],
                    ProcessorSecondsPerRound = Spread.Of(clock.ProcessorSeconds.Skip(clock.ProcessorSeconds.Count > 1 ? 1 : 0)),
                    Cpu = Report.Processor,
                });
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    sealed class RoundClock : IRunProgress
    {
        TimeSpan started;

        public List<double> ProcessorSeconds { get; } = [];

        public void Report(RunEvent runEvent)
        {
            if (runEvent is RoundStarted) started = Environment.CpuUsage.TotalTime;
            if (runEvent is Trainer.Method.RoundFinished) ProcessorSeconds.Add((Environment.CpuUsage.TotalTime - started).TotalSeconds);
        }
    }
}
