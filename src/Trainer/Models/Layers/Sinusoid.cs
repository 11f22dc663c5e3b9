using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>Sinusoidal embedding of timesteps and of SDXL's sizes (arXiv 2006.11239, section 3.3), in float32 whatever the model's type.</summary>
public static class Sinusoid
{
    const double MaxPeriod = 10000;

    /// <param name="values_N">Values of any number type, [N].</param>
    /// <param name="channels">Width C of the embedding, even.</param>
    /// <param name="flipSinToCos">Cosines first.</param>
    /// <param name="freqShift">Lowers the number of frequencies that the exponent is spread over.</param>
    /// <returns>float32, [N, C], on the values' device.</returns>
    public static Tensor Embed(Tensor values_N, int channels, bool flipSinToCos = true, double freqShift = 0)
    {
        using var scope = NewDisposeScope();
        var half = channels / 2;
        var exponent = -Math.Log(MaxPeriod) * arange(0, half, ScalarType.Float32, values_N.device) / (half - freqShift);
        var angles = values_N.to_type(ScalarType.Float32).unsqueeze(1) * exponent.exp().unsqueeze(0);
        var (sin, cos) = (angles.sin(), angles.cos());
        return (flipSinToCos ? cat([cos, sin], -1) : cat([sin, cos], -1)).MoveToOuterDisposeScope();
    }
}
