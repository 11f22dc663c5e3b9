using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models;

/// <summary>A small UNet with random weights and inputs for it.</summary>
static class TinyUNet
{
    static TinyUNet() => NativeLibtorch.EnsureLoaded();

    public static UNetConfig Config { get; } = new()
    {
        BlockOutChannels = [8, 16],
        LayersPerBlock = [1, 1],
        DownAttention = [true, false],
        UpAttention = [true, false],
        AttentionHeads = [2, 4],
        TransformerLayersPerBlock = [1, 2],
        CrossAttentionDim = 12,
        NormNumGroups = 4,
    };

    public static UNetConfig Xl { get; } = Config with { UseLinearProjection = true, AddedConditioning = new(4, 6 * 4 + 10) };

    public static UNet2DCondition Create(UNetConfig? config = null, ScalarType dtype = ScalarType.Float32)
    {
        manual_seed(1);
        return new UNet2DCondition(config ?? Config, dtype: dtype);
    }

    public static Tensor Sample(int height = 8, int width = 12) => Normal(2, 2, 4, height, width);

    public static Tensor Timesteps => tensor(new long[] { 7, 801 });

    public static UNetConditioning Text => new(Normal(3, 2, 5, 12));

    public static Tensor Normal(ulong seed, params long[] shape) => randn(shape, generator: new Generator(seed));

    public static Tensor Run(UNet2DCondition model, Tensor? sample = null) => model.call(sample ?? Sample(), Timesteps, Text);

    public static bool SameBits(Tensor a, Tensor b) => a.shape.SequenceEqual(b.shape) && a.eq(b).all().item<bool>();

    public static double Distance(Tensor a, Tensor b) => (a.to_type(ScalarType.Float64) - b.to_type(ScalarType.Float64)).abs().max().item<double>();
}
