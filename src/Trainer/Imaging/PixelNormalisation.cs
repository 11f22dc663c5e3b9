using static TorchSharp.torch;

namespace SpoActors.Trainer.Imaging;

/// <summary>Per-channel mean and deviation that a vision tower expects of pixels in [0, 1].</summary>
public sealed record PixelNormalisation(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    /// <summary>OpenAI's values, which all CLIP models of this project use.</summary>
    public static PixelNormalisation Clip { get; } = new([0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]);

    /// <summary>From [0, 1] to [-1, 1].</summary>
    public static PixelNormalisation Symmetric { get; } = new([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);

    /// <summary>(x - mean) / deviation in the pixels' own type, [..., 3, H, W].</summary>
    public Tensor Apply(Tensor unit_CHW)
    {
        using var scope = NewDisposeScope();
        Tensor PerChannel(IReadOnlyList<double> values) =>
            tensor(values.Select(v => (float)v).ToArray()).to(unit_CHW.dtype, unit_CHW.device).view(-1, 1, 1);
        return ((unit_CHW - PerChannel(Mean)) / PerChannel(Deviation)).MoveToOuterDisposeScope();
    }
}
