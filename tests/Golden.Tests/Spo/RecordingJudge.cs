using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Spo;

/// <summary>Passes everything on and keeps what went through.</summary>
sealed class RecordingJudge(ClipJudge inner) : IJudge
{
    List<Call> calls = [];

    public sealed record Call(Tensor Images, Tensor Timesteps, Tensor Scores);

    public ClipJudge Inner => inner;

    public string Name => inner.Name;

    public JudgeInput Input => inner.Input;

    public bool KnowsTimestep => inner.KnowsTimestep;

    public Device Device => inner.Device;

    public double Scale => inner.Scale;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => inner.Prepare(prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        var scores = inner.Score(inputs_BCHW, prompts, timesteps_B);
        calls.Add(new Call(Keep(inputs_BCHW), Keep(timesteps_B), Keep(scores)));
        return scores;
    }

    public IReadOnlyList<Call> TakeCalls()
    {
        var taken = calls;
        calls = [];
        return taken;
    }

    public void Dispose() => inner.Dispose();

    static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
}
