using SpoActors.Trainer.Judges;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>A judge with a clock: what is left of the scoring stage is decoding.</summary>
sealed class TimedJudge(IJudge judge, TimeProvider time) : IJudge
{
    public TimeSpan Spent { get; private set; }

    public string Name => judge.Name;

    public JudgeInput Input => judge.Input;

    public bool KnowsTimestep => judge.KnowsTimestep;

    public Device Device => judge.Device;

    public double Scale => judge.Scale;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => Timed(() => judge.Prepare(prompts));

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B) => Timed(() => judge.Score(inputs_BCHW, prompts, timesteps_B));

    public void Dispose() => judge.Dispose();

    T Timed<T>(Func<T> work)
    {
        var started = time.GetTimestamp();
        var result = work();
        Spent += time.GetElapsedTime(started);
        return result;
    }
}
