using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Probing;

/// <summary>Text conditioning of the right shapes that says nothing.</summary>
sealed class RandomConditioning(PublishedArchitecture architecture, Device device, ScalarType dtype) : IPromptConditioning
{
    public GuidedConditioning Rows(IReadOnlyList<int> promptIndices, IReadOnlyList<SizeConditioning>? sizes = null)
    {
        var rows = promptIndices.Count;
        return new GuidedConditioning(Of(rows, 1), Of(rows, 2));
    }

    UNetConditioning Of(int rows, ulong seed)
    {
        using var generator = new Generator(seed);
        var states = randn([rows, architecture.TextTokens, architecture.UNet.CrossAttentionDim], generator: generator).to(dtype).to(device);
        if (architecture.PooledWidth == 0) return new UNetConditioning(states);
        var pooled = randn([rows, architecture.PooledWidth], generator: generator).to(dtype).to(device);
        return new UNetConditioning(states, pooled, SizeConditioning.Of(architecture.ImageSide, architecture.ImageSide).ToTimeIds(rows, device));
    }
}
