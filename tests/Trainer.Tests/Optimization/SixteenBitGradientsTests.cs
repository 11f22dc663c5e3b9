using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Tests.Models;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Optimization;

/// <summary>
/// LoRA gradients of a UNet in 16 bits against those in float32, as the relative L2 distance of all of them together.
/// </summary>
/// <remarks>
/// The bound is 16 unit roundoffs of the type (2^-8 for bfloat16, 2^-11 for float16): independent roundings add up as the root of their
/// number, and some hundred lie between a weight and the loss and back. Measured are 5 of them in bfloat16 and 8 in float16.
/// On the CPU float16 is slow (products are computed in float32 and rounded), but its gradients travel in float16 as on a GPU.
/// </remarks>
public sealed class SixteenBitGradientsTests
{
    const double Roundoffs = 16;

    /// <summary>Weight of one element in a loss that is a mean over 16 of SDXL's latents, 4 x 128 x 128.</summary>
    const double OneOfMany = 1.0 / (16 * 4 * 128 * 128);

    [Theory]
    [InlineData(ScalarType.BFloat16, 1, 8)]
    [InlineData(ScalarType.BFloat16, OneOfMany, 8)]
    [InlineData(ScalarType.Float16, 1, 11)]
    public void Gradients_WithoutLossScaling_AreFloat32sUpToRoundings(ScalarType dtype, double weight, int bits) =>
        Assert.InRange(Distance(dtype, weight, scaled: false), 0, Roundoffs * Math.ScaleB(1, -bits));

    [Fact]
    public void Gradients_OfASmallLossInFloat16_VanishWithoutLossScalingAndSurviveWithIt()
    {
        Assert.InRange(Distance(ScalarType.Float16, OneOfMany, scaled: false), 0.5, double.PositiveInfinity);
        Assert.InRange(Distance(ScalarType.Float16, OneOfMany, scaled: true), 0, Roundoffs * Math.ScaleB(1, -11));
    }

    static double Distance(ScalarType dtype, double weight, bool scaled)
    {
        using var scope = NewDisposeScope();
        Tensor expected = Gradients(ScalarType.Float32, weight, false), actual = Gradients(dtype, weight, scaled);
        return ((actual - expected).norm() / expected.norm()).item<float>();
    }

    static Tensor Gradients(ScalarType dtype, double weight, bool scaled)
    {
        using var model = TinyUNet.Create(dtype: dtype);
        using var adapter = LoraAdapter.Attach(model, new LoraSpecification { Rank = 2 }, (_, shape) => TinyUNet.Normal(5, shape));
        using (no_grad())
        {
            foreach (var (target, i) in model.parameters().Select((p, i) => (p, i))) target.copy_(Weights(target.shape, (ulong)i));
            foreach (var parameter in adapter.Parameters) parameter.add_(TinyUNet.Normal(6, parameter.shape) * 0.1);
        }
        var scaler = new LossScaler(adapter.NamedParameters);
        var text = new UNetConditioning(TinyUNet.Text.EncoderHiddenStates.to_type(dtype));
        var output = model.call(TinyUNet.Sample().to_type(dtype), TinyUNet.Timesteps, text).to_type(ScalarType.Float32);
        var loss = (output * TinyUNet.Normal(7, output.shape)).sum() * weight;
        (scaled ? loss * scaler.Scale : loss).backward();
        if (scaled) Assert.True(scaler.Unscale());
        return cat([.. adapter.Parameters.Select(p => p.grad!.flatten())]);
    }

    /// <summary>The same in every type: matrices that keep a signal's size, vectors around 0.5.</summary>
    static Tensor Weights(long[] shape, ulong seed)
    {
        var normal = TinyUNet.Normal(100 + seed, shape);
        return shape.Length == 1 ? normal * 0.1 + 0.5 : normal / Math.Sqrt(shape.Skip(1).Aggregate(1L, (a, b) => a * b));
    }
}
