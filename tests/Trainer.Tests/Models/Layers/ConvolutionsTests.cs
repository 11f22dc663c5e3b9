using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Layers;

/// <summary>Against a matrix product of the patches, which needs no convolution.</summary>
public sealed class ConvolutionsTests
{
    // Numbers of channels as in SD 1.5, SDXL, their VAEs and ShapesWorld, at their ends and where they halve the sides.
    [Theory]
    [InlineData(4, 320, 1)]
    [InlineData(320, 4, 1)]
    [InlineData(320, 320, 2)]
    [InlineData(128, 3, 1)]
    [InlineData(512, 8, 1)]
    [InlineData(4, 48, 1)]
    [InlineData(48, 4, 1)]
    [InlineData(48, 48, 2)]
    [InlineData(112, 48, 1)]
    [InlineData(24, 48, 2)]
    [InlineData(96, 18, 1)]
    public void Conv2d_OfAnyNumberOfChannels_EqualsTheMatrixProduct(int inputs, int outputs, int stride)
    {
        // bfloat16 where the product computes in it, float32 once more elsewhere.
        foreach (var type in new[] { ScalarType.Float32, ComputeType.Of(zeros(1, ScalarType.BFloat16)) })
        {
            AssertIsMatrixProduct(Convolutions.Conv2d, type, inputs, outputs, stride);
            // On whatever processor the tests run.
            AssertIsMatrixProduct(Convolutions.Padded, type, inputs, outputs, stride);
        }
    }

    static void AssertIsMatrixProduct(
        Func<Tensor, Tensor, Tensor?, long[], long[], Tensor> convolution, ScalarType type, int inputs, int outputs, int stride)
    {
        using var scope = NewDisposeScope();
        var random = new Generator(5);
        var input_BCHW = randn([8, inputs, 16, 16], generator: random).to(type).requires_grad_(true);
        var weight_OCKK = (randn([outputs, inputs, 3, 3], generator: random) / Math.Sqrt(9.0 * inputs)).to(type).requires_grad_(true);
        var bias_O = randn([outputs], generator: random).to(type);
        var output_BOHW = convolution(input_BCHW, weight_OCKK, bias_O, [stride, stride], [1, 1]);
        var upstream_BOHW = randn(output_BOHW.shape, generator: random).to(type);
        var (inputGradient, weightGradient) = Gradients(output_BOHW, upstream_BOHW);

        var patches_BPL = nn.functional.unfold(input_BCHW.to(ScalarType.Float32), 3, padding: 1, stride: stride);
        var expected_BOHW = (weight_OCKK.to(ScalarType.Float32).flatten(1).matmul(patches_BPL) + bias_O.unsqueeze(1)).reshape(output_BOHW.shape);
        var (expectedInputGradient, expectedWeightGradient) = Gradients(expected_BOHW, upstream_BOHW.to(ScalarType.Float32));

        AssertClose(expected_BOHW, output_BOHW);
        AssertClose(expectedInputGradient, inputGradient);
        AssertClose(expectedWeightGradient, weightGradient);
        using var inference = no_grad();
        AssertClose(expected_BOHW, convolution(input_BCHW, weight_OCKK, bias_O, [stride, stride], [1, 1]));

        (Tensor Input, Tensor Weight) Gradients(Tensor result_BOHW, Tensor upstream_BOHW)
        {
            result_BOHW.backward([upstream_BOHW]);
            var gradients = (input_BCHW.grad!.clone(), weight_OCKK.grad!.clone());
            input_BCHW.grad = null;
            weight_OCKK.grad = null;
            return gradients;
        }

        // Some roundings of the type: the expected gradients of bfloat16 operands are bfloat16 too.
        void AssertClose(Tensor expected, Tensor actual)
        {
            var difference = ((expected - actual).abs().max() / expected.abs().max()).to(ScalarType.Float32).item<float>();
            Assert.True(difference < (type == ScalarType.Float32 ? 1e-5 : 1e-2), $"{type} differs by {difference} of the largest value");
        }
    }
}
