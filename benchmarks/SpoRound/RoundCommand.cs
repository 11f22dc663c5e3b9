using System.CommandLine;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>
/// SPO rounds on the models that the Python peer exported, with the peer's draws: the same work, so that seconds can be compared. With --trace
/// pairs, scores and losses of the last round are compared with the peer's; the exit status is 1 where they differ.
/// </summary>
static class RoundCommand
{
    public static Command Create()
    {
        var options = new BenchmarkOptions();
        Option<string?> trace = new("--trace") { Description = "File written by the peer's --trace, to compare with" };
        Option<int> seed = new("--seed") { DefaultValueFactory = _ => 42 };
        Option<int> rounds = new("--rounds") { DefaultValueFactory = _ => 1, Description = "Rounds; medians are given" };
        var command = new Command("round", "Whole rounds, stage by stage") { trace, seed, rounds };
        foreach (var option in options.All) command.Add(option);
        command.SetAction(parsed =>
        {
            var run = options.Run(parsed);
            using var models = new PeerModels(parsed.GetValue(options.Models)!, run, parsed.GetValue(options.Prompts), TimeProvider.System);
            WarmUp(models);
            var done = new List<Round>();
            for (int i = 0; i < parsed.GetValue(rounds); i++)
            {
                // The peer seeds its first round with seed + 2.
                done.Add(new Round(models, run, new TorchGeneratorDraws(parsed.GetValue(seed) + 2 + i), TimeProvider.System));
                done[^1].Execute();
            }
            var agreement = parsed.GetValue(trace) is { } file ? TraceComparison.Of(done[^1], file) : null;
            options.Write(parsed, Report.Of(parsed.GetValue(options.Size)!, run, parsed.GetValue(options.Threads), parsed.GetValue(seed), done, models, agreement));
            return agreement is null or { Agrees: true } ? 0 : 1;
        });
        return command;
    }

    /// <summary>A first forward pass pays for thread pools and code paths; the peer warms up too.</summary>
    public static void WarmUp(PeerModels models)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var side = models.Model.UNet.Config.SampleSize!.Value;
        _ = models.Model.Decoder.Decode(randn(1, models.Model.UNet.Config.InChannels, side, side));
    }
}
