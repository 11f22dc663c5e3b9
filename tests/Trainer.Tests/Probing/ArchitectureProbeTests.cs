using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Probing;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Probing;

public sealed class ArchitectureProbeTests
{
    [Fact]
    public void Sd15_WhenBuilt_HasThePublishedNumberOfParameters() => Assert.Equal((859_520_964L, 83_653_863L), Count(PublishedArchitecture.Sd15));

    [Fact]
    public void Sdxl_WhenBuilt_HasThePublishedNumberOfParameters() => Assert.Equal((2_567_463_684L, 83_653_863L), Count(PublishedArchitecture.Sdxl));

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    public void Probe_WhenRun_TrainsAPairFromAnUntrainedAdapter(int pooledWidth)
    {
        var tiny = new PublishedArchitecture
        {
            Name = "tiny",
            UNet = new UNetConfig
            {
                BlockOutChannels = [16, 32],
                LayersPerBlock = [1, 1],
                DownAttention = [true, false],
                UpAttention = [false, true],
                AttentionHeads = [2, 2],
                TransformerLayersPerBlock = [1, 1],
                CrossAttentionDim = 16,
                NormNumGroups = 8,
                AddedConditioning = pooledWidth == 0 ? null : new UNetConfig.TextTimeEmbedding(8, pooledWidth + 6 * 8),
            },
            Vae = new VaeConfig { BlockOutChannels = [8, 16], NormNumGroups = 4, ForceUpcast = false },
            ImageSide = 16,
            TextTokens = 7,
            PooledWidth = pooledWidth,
            Candidates = 3,
            LoraRank = 2,
        };
        var steps = new List<string>();
        var report = new ArchitectureProbe(tiny, CPU, ScalarType.Float32, withVae: true, TimeProvider.System).Run(steps.Add, TestContext.Current.CancellationToken);
        Assert.Equal(4, steps.Count);
        Assert.Equal(Math.Log(2), report.Loss, 1e-5);
        Assert.True(report.GradientNorm > 0 && double.IsFinite(report.GradientNorm));
        Assert.NotNull(report.DecodeSeconds);
        Assert.True(report.PeakHostMemory > 0);
    }

    static (long UNet, long Vae) Count(PublishedArchitecture architecture)
    {
        using var scope = NewDisposeScope();
        using var unet = new UNet2DCondition(architecture.UNet, META, ScalarType.BFloat16);
        using var vae = new AutoencoderKl(architecture.Vae, META, ScalarType.BFloat16);
        return (unet.parameters().Sum(p => p.numel()), vae.parameters().Sum(p => p.numel()));
    }
}
