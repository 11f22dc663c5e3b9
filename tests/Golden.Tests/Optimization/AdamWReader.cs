using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>AdamW on recorded gradients: the parameters after every step, the moments after the last.</summary>
public sealed class AdamWReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source == "torch.optim.AdamW" && golden.Config.TryGetProperty("sets", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var names = golden.Tensors.Tensors.Keys.Where(k => k.StartsWith("param.", StringComparison.Ordinal)).Select(k => k["param.".Length..]).ToArray();
        foreach (var set in golden.Config.GetProperty("sets").EnumerateObject())
        {
            var parameters = names.ToDictionary(n => n, n => new Parameter(golden.Tensor($"param.{n}").clone()));
            using var optimizer = new AdamW(parameters.Select(p => (p.Key, p.Value)), OptimizerSettings.Of(set.Value));
            var factor = OptimizerSettings.Number(set.Value, "lr_factor_per_step") ?? 1;
            var after = names.ToDictionary(n => n, _ => new List<Tensor>());
            for (var step = 0; step < golden.Config.GetProperty("steps").GetInt32(); step++)
            {
                foreach (var (name, parameter) in parameters) parameter.grad = golden.Tensor($"grads.{name}")[step].clone();
                optimizer.Step();
                optimizer.ZeroGrad();
                optimizer.LearningRate *= factor;
                foreach (var (name, parameter) in parameters) after[name].Add(parameter.detach().clone());
            }
            var state = optimizer.State();
            foreach (var name in names)
            {
                check.Close($"params.{set.Name}.{name}", stack(after[name]));
                check.Close($"exp_avg.{set.Name}.{name}", state[$"exp_avg.{name}"]);
                check.Close($"exp_avg_sq.{set.Name}.{name}", state[$"exp_avg_sq.{name}"]);
            }
        }
    }
}
