using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>accelerate's accumulation over one data loader, whose last micro-batch steps in any case.</summary>
public sealed class AccumulationReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("Accelerator.accumulate", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var weight = new Parameter(golden.Tensor("w0").clone());
        var settings = OptimizerSettings.Of(golden.Config.GetProperty("optimizer")) with { MaxGradNorm = OptimizerSettings.Number(golden.Config, "max_grad_norm") };
        using var optimizer = new AccumulatingOptimizer([("w", weight)], settings, golden.Config.GetProperty("accumulation").GetInt32(), NumberType.Float32);
        List<Tensor> losses = [], gradients = [], weights = [];
        List<byte> stepped = [];
        List<float> norms = [];
        var batches = golden.Config.GetProperty("batches").GetInt32();
        for (var i = 0; i < batches; i++)
        {
            var loss = (golden.Tensor("x")[i].matmul(weight) - golden.Tensor("target")[i]).square().mean();
            optimizer.Backward(loss);
            losses.Add(loss.detach());
            gradients.Add(weight.grad!.clone());
            var step = optimizer.Advance(isLast: i == batches - 1);
            stepped.Add(step is null ? (byte)0 : (byte)1);
            // Recorded of every micro-batch; ours is computed where it steps.
            norms.Add((float)(step?.GradientNorm ?? gradients[^1].norm().item<float>()));
            weights.Add(weight.detach().clone());
        }
        check.Equal("stepped", tensor(stepped.ToArray()), golden.Tensor("stepped"));
        check.Close("loss", stack(losses));
        check.Close("grad", stack(gradients));
        check.Close("norm", tensor(norms.ToArray()));
        check.Close("w", stack(weights));
    }
}
