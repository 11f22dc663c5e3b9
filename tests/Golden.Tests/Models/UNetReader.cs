using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>The UNets alone: prediction, gradients of sum(out * grad_seed), what each block gives, and single parts.</summary>
public sealed partial class UNetReader : IGoldenReader
{
    const string Stage = "stage.", Gradient = "grad.";

    public string Area => "models";

    public bool Understands(GoldenCase golden) => golden.Source == "diffusers.UNet2DConditionModel";

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var model = UNetCase.Load(golden, "unet");
        foreach (var parameter in model.parameters()) parameter.requires_grad_(true);
        var inputs = new UNetCase(golden, requiresGrad: true);
        var outputs = golden.Json.GetProperty("outputs").EnumerateObject().Select(o => o.Name).ToList();

        using var stages = new StageRecorder(model, outputs.Where(o => o.StartsWith(Stage, StringComparison.Ordinal)).Select(o => o[Stage.Length..]));
        var prediction = inputs.Predict(model);
        stages.Stop();
        (prediction * golden.Tensor("grad_seed")).sum().backward();
        var parameters = model.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);

        using var noGradient = no_grad();
        foreach (var output in outputs)
        {
            if (PredictionAsV.Check(golden, check, output, prediction, inputs.Sample)) continue;
            var actual = output switch
            {
                "out" => prediction,
                "odd.out" => model.call(golden.Tensor("odd.sample"), inputs.Timestep, inputs.Conditioning),
                "part.attention.out" => Part<SpatialTransformer>(model, "mid_block.attentions.0").call(golden.Tensor("part.attention.input"), inputs.Conditioning.EncoderHiddenStates),
                "part.resnet.out" => Part<ResnetBlock>(model, "mid_block.resnets.0").call(golden.Tensor("part.resnet.input"), golden.Tensor("part.resnet.temb").silu()),
                Stage + "time_proj" => Sinusoid.Embed(inputs.Timestep, model.Config.BlockOutChannels[0], model.Config.FlipSinToCos, model.Config.FreqShift),
                _ when output.StartsWith(Stage, StringComparison.Ordinal) => stages.Find(output[Stage.Length..]),
                _ when OneTimestep().Match(output) is { Success: true } m =>
                    model.call(inputs.Sample, tensor(long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)), inputs.Conditioning),
                _ when output.StartsWith(Gradient, StringComparison.Ordinal) =>
                    inputs.GradientOf(output[Gradient.Length..]) ?? parameters.GetValueOrDefault(output[Gradient.Length..])?.grad,
                _ => null,
            };
            if (actual is not null) check.Close(output, actual);
            else check.Fail($"the reader doesn't know the output '{output}'");
        }
    }

    static T Part<T>(nn.Module model, string path) where T : nn.Module => (T)model.named_modules().Single(m => m.name == path).module;

    [GeneratedRegex(@"^timestep_(\d+)\.out$")]
    private static partial Regex OneTimestep();
}
