using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;

namespace SpoActors.Trainer.Probing;

/// <summary>Sizes of a published model, as its configuration files state them, and the paper's settings for it.</summary>
public sealed record PublishedArchitecture
{
    public required string Name { get; init; }

    public required UNetConfig UNet { get; init; }

    public required VaeConfig Vae { get; init; }

    /// <summary>Side in pixels of the images it was trained on.</summary>
    public required int ImageSide { get; init; }

    /// <summary>Tokens of the text conditioning.</summary>
    public int TextTokens { get; init; } = 77;

    /// <summary>Width of SDXL's pooled text embedding; 0 for models without.</summary>
    public int PooledWidth { get; init; }

    /// <summary>Candidates k of the paper.</summary>
    public required int Candidates { get; init; }

    /// <summary>LoRA rank of the paper.</summary>
    public required int LoraRank { get; init; }

    /// <summary>The noise schedule that both were trained with.</summary>
    public static SchedulerConfig Scheduler { get; } = new()
    {
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = BetaSchedule.ScaledLinear,
        ClipSample = false,
        SetAlphaToOne = false,
        StepsOffset = 1,
    };

    /// <summary>Stable Diffusion 1.5.</summary>
    public static PublishedArchitecture Sd15 { get; } = new()
    {
        Name = "sd15",
        UNet = new UNetConfig { SampleSize = 64, CrossAttentionDim = 768 },
        Vae = FourLevelVae(0.18215, 512),
        ImageSide = 512,
        Candidates = 4,
        LoraRank = 4,
    };

    /// <summary>Stable Diffusion XL base 1.0.</summary>
    public static PublishedArchitecture Sdxl { get; } = new()
    {
        Name = "sdxl",
        UNet = new UNetConfig
        {
            SampleSize = 128,
            BlockOutChannels = [320, 640, 1280],
            LayersPerBlock = [2, 2, 2],
            DownAttention = [false, true, true],
            UpAttention = [false, true, true],
            AttentionHeads = [5, 10, 20],
            TransformerLayersPerBlock = [1, 2, 10],
            CrossAttentionDim = 2048,
            UseLinearProjection = true,
            AddedConditioning = new UNetConfig.TextTimeEmbedding(256, 2816),
        },
        Vae = FourLevelVae(0.13025, 1024),
        ImageSide = 1024,
        PooledWidth = 1280,
        Candidates = 2,
        LoraRank = 64,
    };

    static VaeConfig FourLevelVae(double scaling, int side) => new()
    {
        BlockOutChannels = [128, 256, 512, 512],
        LayersPerBlock = 2,
        ScalingFactor = scaling,
        SampleSize = side,
        ForceUpcast = false,
    };
}
