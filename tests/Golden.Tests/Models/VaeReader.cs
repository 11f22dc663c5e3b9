using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Models.Vae;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The VAEs: encoding, decoding, what blocks give, single parts, and the gradient of sum(decoded * grad_seed).</summary>
public sealed class VaeReader : IGoldenReader
{
    const string Stage = "stage.";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source == "diffusers.AutoencoderKL";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var model = LoadVae(golden);
        var outputs = golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).ToList();
        using var stages = new StageRecorder(model, outputs.Where(o => o.StartsWith(Stage, StringComparison.Ordinal)).Select(o => o[Stage.Length..]));
        var moments = model.EncodeMoments(golden.Tensor("image"));
        var latents = golden.Tensor("latents").clone().requires_grad_(true);
        var decoded = model.Decode(latents / model.Config.ScalingFactor);
        stages.Stop();
        (decoded * golden.Tensor("grad_seed")).sum().backward();
        check.Equal("scaling_factor", model.Config.ScalingFactor, golden.Config.GetProperty("scaling_factor").GetDouble());

        using var noGradient = no_grad();
        var gaussian = model.Encode(golden.Tensor("image"));
        foreach (var output in outputs)
        {
            var actual = output switch
            {
                "moments" => moments,
                "mean" => gaussian.Mean,
                "logvar" => gaussian.LogVar,
                "mode" => gaussian.Mode,
                "sample" => gaussian.Sample(golden.Tensor("noise")),
                "latents_of_image" => gaussian.Mode * model.Config.ScalingFactor,
                "odd.moments" => model.EncodeMoments(golden.Tensor("odd.image")),
                "part.attention.out" => Part<VaeAttention>("attentions").call(golden.Tensor("part.input")),
                "part.resnet.out" => Part<ResnetBlock>("resnets").call(golden.Tensor("part.input"), null),
                "decoded" => decoded,
                "grad.latents" => latents.grad,
                _ when output.StartsWith(Stage, StringComparison.Ordinal) => stages.Find(output[Stage.Length..]),
                _ => null,
            };
            if (actual is not null) check.Close(output, actual);
            else check.Fail($"the reader doesn't know the output '{output}'");
        }

        T Part<T>(string list) where T : nn.Module => (T)model.named_modules().Single(m => m.name == $"decoder.mid_block.{list}.0").module;
    }

    static AutoencoderKl LoadVae(GoldenCase golden)
    {
        using var weights = ComponentWeights.Open(golden.Path("vae"));
        return ModuleLoading.Load(new AutoencoderKl(VaeConfig.Load(golden.Path("vae/config.json")), META), weights);
    }
}
