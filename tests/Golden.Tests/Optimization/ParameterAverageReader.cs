using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>diffusers' EMAModel: the decay of every update and the average after it.</summary>
public sealed class ParameterAverageReader : IGoldenReader
{
    static readonly EmaSpecification Defaults = new() { Decay = 0.9999, Ramp = EmaRamp.Ratio };

    static readonly Dictionary<string, Func<EmaSpecification, JsonElement, EmaSpecification>> Arguments = new()
    {
        ["decay"] = (s, v) => s with { Decay = v.GetDouble() },
        ["min_decay"] = (s, v) => s with { MinDecay = v.GetDouble() },
        ["update_after_step"] = (s, v) => s with { UpdateAfterStep = v.GetInt32() },
        ["use_ema_warmup"] = (s, v) => s with { Ramp = v.GetBoolean() ? EmaRamp.Power : EmaRamp.Ratio },
        ["inv_gamma"] = (s, v) => s with { InvGamma = v.GetDouble() },
        ["power"] = (s, v) => s with { Power = v.GetDouble() },
    };

    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("training_utils.EMAModel", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var values = golden.Tensor("values");
        foreach (var set in golden.Config.GetProperty("sets").EnumerateObject())
        {
            var parameter = new Parameter(golden.Tensor("start").clone());
            using var average = new ParameterAverage([("value", parameter)], OptimizerSettings.Apply(Defaults, set.Value, Arguments));
            var decays = new List<float>();
            var shadows = new List<Tensor>();
            for (var step = 0; step < golden.Config.GetProperty("steps").GetInt32(); step++)
            {
                using (no_grad()) parameter.copy_(values[step]);
                decays.Add((float)average.Update());
                shadows.Add(average.Values["value"].clone());
            }
            check.Close($"decay.{set.Name}", tensor(decays.ToArray()));
            check.Close($"shadow.{set.Name}", stack(shadows));
        }
    }
}
