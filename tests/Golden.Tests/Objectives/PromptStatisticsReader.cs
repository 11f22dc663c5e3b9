using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>DDPO's advantages over several rounds, with a save and a load between them.</summary>
public sealed class PromptStatisticsReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("kvablack/ddpo-pytorch", StringComparison.Ordinal) && golden.Has("global.round0");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var config = golden.Config;
        var rounds = config.GetProperty("rounds").EnumerateArray().Select(Texts).ToArray();
        var prompts = Texts(config.GetProperty("prompts"));
        var clip = config.GetProperty("adv_clip_max").GetDouble();
        var rewards = golden.Tensor("rewards").data<float>().ToArray();
        var statistics = Create();
        var (start, after) = (0, new List<(double Mean, double Std, int Count)[]>());
        for (var round = 0; round < rounds.Length; round++)
        {
            var here = rewards.AsSpan(start, rounds[round].Length).ToArray();
            start += here.Length;
            var advantages = tensor(statistics.Update(rounds[round], here));
            check.Close($"advantages.round{round}", advantages);
            check.Close($"clipped.round{round}", advantages.clamp(-clip, clip));
            check.Close($"global.round{round}", tensor(PromptStatistics.OfRound(here)));
            after.Add([.. prompts.Select(statistics.Of)]);

            var resumed = Create();
            resumed.Load(statistics.Save());
            statistics = resumed;
        }
        check.Close("mean", stack(after.Select(a => tensor(a.Select(s => (float)s.Mean).ToArray())).ToArray()));
        check.Close("std", stack(after.Select(a => tensor(a.Select(s => (float)s.Std).ToArray())).ToArray()));
        check.Equal("count", stack(after.Select(a => tensor(a.Select(s => (long)s.Count).ToArray())).ToArray()), golden.Tensor("count"));
        check.NoOutputLeftOut();

        PromptStatistics Create() => new(config.GetProperty("buffer_size").GetInt32(), config.GetProperty("min_count").GetInt32());
    }

    static string[] Texts(System.Text.Json.JsonElement list) => [.. list.EnumerateArray().Select(t => t.GetString()!)];
}
