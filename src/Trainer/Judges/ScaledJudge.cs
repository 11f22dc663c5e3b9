using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>A judge whose scale is a setting.</summary>
/// <param name="inner">Owned.</param>
/// <param name="scale">Instead of its own.</param>
sealed class ScaledJudge(IJudge inner, double scale) : IJudge
{
    public string Name => inner.Name;

    public JudgeInput Input => inner.Input;

    public bool KnowsTimestep => inner.KnowsTimestep;

    public bool ComparesWithinCall => inner.ComparesWithinCall;

    public Device Device => inner.Device;

    public double Scale => scale;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => inner.Prepare(prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B) => inner.Score(inputs_BCHW, prompts, timesteps_B);

    public void Dispose() => inner.Dispose();
}
