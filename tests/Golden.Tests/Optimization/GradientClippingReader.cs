using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>The norm of all gradients together, and what clipping leaves of them.</summary>
public sealed class GradientClippingReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source == "torch.nn.utils.clip_grad_norm_";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var settings = new OptimizerSpecification { MaxGradNorm = golden.Config.GetProperty("max_norm").GetDouble() };
        for (var i = 0; i < golden.Config.GetProperty("sets").GetInt32(); i++)
        {
            var prefix = $"set{i}.";
            var parameters = golden.Tensors.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).ToDictionary(k => k, k => WithGradient(golden.Tensor(k)));
            using var optimizer = new AdamW(parameters.Select(p => (p.Key, p.Value)), settings);
            check.Close($"norm.set{i}", tensor(new[] { (float)optimizer.Step() }));
            foreach (var (name, parameter) in parameters) check.Close($"clipped.{name}", parameter.grad!);
        }

        static Parameter WithGradient(Tensor gradient) => new(zeros_like(gradient)) { grad = gradient.clone() };
    }
}
