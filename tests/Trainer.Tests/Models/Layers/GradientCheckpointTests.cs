using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

public sealed class GradientCheckpointTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void UNet_WhenCheckpointed_GivesTheAdapterTheSameGradientBits(bool inputRequiresGrad)
    {
        using var scope = NewDisposeScope();
        var model = TinyUNet.Create();
        var plain = Gradients(checkpointing: false);
        var recomputed = Gradients(checkpointing: true);

        Assert.Equal(plain.Count, recomputed.Count);
        Assert.All(plain.Zip(recomputed), pair => Assert.True(TinyUNet.SameBits(pair.First, pair.Second)));
        Assert.Contains(plain, g => g.abs().max().item<float>() > 0);

        List<Tensor> Gradients(bool checkpointing)
        {
            using var adapter = LoraAdapter.Attach(model, new LoraSpecification { Rank = 2 }, (_, shape) => TinyUNet.Normal(5, shape));
            using (no_grad())
                foreach (var parameter in adapter.Parameters) parameter.add_(0.1);
            model.GradientCheckpointing = checkpointing;
            var sample = TinyUNet.Sample().requires_grad_(inputRequiresGrad);
            TinyUNet.Run(model, sample).square().sum().backward();
            var gradients = adapter.Parameters.Select(p => p.grad!.clone()).ToList();
            if (inputRequiresGrad) gradients.Add(sample.grad!.clone());
            return gradients;
        }
    }

    [Fact]
    public void Run_WhenAnArgumentIsNullOrNeedsNoGradient_GivesTheOthersTheirs()
    {
        using var scope = NewDisposeScope();
        var (x, fixedFactor) = (TinyUNet.Normal(1, 3).requires_grad_(true), TinyUNet.Normal(2, 3));
        GradientCheckpoint.Run(a => a[0]! * a[1]! + (a[2] ?? a[0]!), x, fixedFactor, null).sum().backward();
        Assert.True(TinyUNet.SameBits(fixedFactor + 1, x.grad!));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backpropagation_WhenARecomputedBlockThrows_ThrowsItsException(bool nested)
    {
        using var scope = NewDisposeScope();
        var (x, calls) = (TinyUNet.Normal(1, 3).requires_grad_(true), 0);
        // Other blocks stand before and behind the one that fails.
        var y = GradientCheckpoint.Run(a => a[0]!.square(), Fragile(GradientCheckpoint.Run(a => a[0]! * 2, x)));
        var error = Assert.Throws<InvalidOperationException>(() => Backpropagation.Run(y.sum()));
        Assert.Equal("out of memory", error.Message);
        // The next pass is not blamed for it.
        Backpropagation.Run(GradientCheckpoint.Run(a => a[0]! * 3, x).sum());
        Assert.True(TinyUNet.SameBits(full_like(x, 3), x.grad!));

        Tensor Fragile(Tensor input) => nested
            ? GradientCheckpoint.Run(a => GradientCheckpoint.Run(b => Failing(b[0]!), a[0]! + 1), input)
            : GradientCheckpoint.Run(a => Failing(a[0]!), input);

        // Without nesting the second call is the recomputation, with it the third: the outer block runs the inner one forward again.
        Tensor Failing(Tensor input) => ++calls > (nested ? 2 : 1) ? throw new InvalidOperationException("out of memory") : input * 2;
    }

    [Fact]
    public void SlicedAttention_WhenTrained_HasTheGradientsOfPlainAttention()
    {
        using var scope = NewDisposeScope();
        var (plain, sliced) = (Gradient(AttentionKind.Plain), Gradient(AttentionKind.Sliced));
        Assert.InRange(TinyUNet.Distance(plain, sliced), 0, 1e-6);

        static Tensor Gradient(AttentionKind kind)
        {
            // 4200 x 4200 float32 scores are more than a slice, so rows are split too.
            var q = TinyUNet.Normal(1, 1, 4200, 4).requires_grad_(true);
            var (k, v) = (TinyUNet.Normal(2, 1, 4200, 4), TinyUNet.Normal(3, 1, 4200, 4));
            AttentionKernel.Attend(q, k, v, 2, kind).square().sum().backward();
            return q.grad!;
        }
    }
}
