using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Models.Vae;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The VAE's Gaussian alone.</summary>
public sealed class VaeGaussianReader : IGoldenReader
{
    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source.EndsWith("DiagonalGaussianDistribution", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var first = new DiagonalGaussian(golden.Tensor("parameters"));
        var second = new DiagonalGaussian(golden.Tensor("parameters_2"));
        var reversed = new DiagonalGaussian(golden.Tensor("parameters_2").flip(0));
        var noise = golden.Tensor("noise");
        foreach (var output in golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name))
        {
            var actual = output switch
            {
                "mean" => first.Mean,
                "logvar" => first.LogVar,
                "std" => first.Std,
                "var" => first.Var,
                "mode" => first.Mode,
                "sample" => first.Sample(noise),
                "kl" => second.Kl(),
                "kl_other" => second.Kl(reversed),
                "nll" => second.Nll(noise),
                _ => null,
            };
            if (actual is not null) check.Close(output, actual);
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }
}
