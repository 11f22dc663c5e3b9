using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Tests.Models;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Optimization;

/// <summary>LoRA gradients of a UNet in 16 bits against those in float32.</summary>
public sealed class SixteenBitGradientsTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(ScalarType.BFloat16, 1.0)]
    [InlineData(ScalarType.BFloat16, 1e-6)]
    [InlineData(ScalarType.Float16, 1.0)]
    [InlineData(ScalarType.Float16, 1e-6)]
    public void Probe(ScalarType dtype, double weight)
    {
        using var scope = NewDisposeScope();
        foreach (var scaled in new[] { false, true })
            output.WriteLine($"{dtype} {weight} scaled {scaled}: {Error(dtype, weight, scaled)}");
    }

    static double Error(ScalarType dtype, double weight, bool scaled)
    {
        var expected = Gradients(ScalarType.Float32, weight, false);
        var actual = Gradients(dtype, weight, scaled);
        var difference = cat([.. expected.Zip(actual, (e, a) => (e - a).flatten())]).norm();
        return (difference / cat([.. expected.Select(e => e.flatten())]).norm()).item<float>();
    }

    static Tensor[] Gradients(ScalarType dtype, double weight, bool scaled)
    {
        using var model = TinyUNet.Create(dtype: dtype);
        using var adapter = LoraAdapter.Attach(model, new LoraSpecification { Rank = 2 }, (_, shape) => TinyUNet.Normal(5, shape));
        using (no_grad())
            foreach (var parameter in adapter.Parameters) parameter.add_(TinyUNet.Normal(6, parameter.shape) * 0.1);
        var scaler = new LossScaler(adapter.NamedParameters);
        var output = model.call(TinyUNet.Sample().to_type(dtype), TinyUNet.Timesteps, new UNetConditioning(TinyUNet.Text.EncoderHiddenStates.to_type(dtype))).to_type(ScalarType.Float32);
        var loss = (output * TinyUNet.Normal(7, output.shape)).sum() * weight;
        (scaled ? loss * scaler.Scale : loss).backward();
        if (scaled) Assert.True(scaler.Unscale());
        return [.. adapter.Parameters.Select(p => p.grad!.clone())];
    }
}
