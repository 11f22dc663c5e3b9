using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>diffusers' learning-rate schedules, also past their ends.</summary>
public sealed class LearningRateReader : IGoldenReader
{
    static readonly Dictionary<string, Func<ScheduleSpecification, JsonElement, ScheduleSpecification>> Arguments = new()
    {
        ["num_warmup_steps"] = (s, v) => s with { WarmupSteps = v.GetInt32() },
        ["num_training_steps"] = (s, v) => s with { Steps = v.GetInt32() },
        ["num_cycles"] = (s, v) => s with { Cycles = v.GetInt32() },
        ["power"] = (s, v) => s with { Power = v.GetDouble() },
    };

    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("optimization.get_scheduler", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var rate = golden.Config.GetProperty("base_lr").GetDouble();
        var steps = golden.Tensor("step").data<long>().ToArray();
        foreach (var set in golden.Config.GetProperty("sets").EnumerateObject())
        {
            var kind = Enum.GetValues<ScheduleKind>().Single(k => SpecificationKeys.ToKey(k.ToString()) == set.Value[0].GetString());
            var schedule = new LearningRateSchedule(new OptimizerSpecification
            {
                LearningRate = rate,
                Schedule = OptimizerSettings.Apply(new ScheduleSpecification { Kind = kind }, set.Value[1], Arguments),
            });
            check.Close($"lr.{set.Name}", tensor(steps.Select(s => (float)schedule.At(s)).ToArray()));
        }
    }
}
