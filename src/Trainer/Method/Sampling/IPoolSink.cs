using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>Where the sampler puts its pools: the scorer itself in the plain loop, a channel to it in the pipeline.</summary>
public interface IPoolSink
{
    /// <summary>Takes the pool over, to score it now or later.</summary>
    /// <returns>
    /// The scores [K, B] if the sink knows them already, else null. Only the ablations that go on from the best or worst candidate
    /// need them; the method itself picks at random and never waits for a score.
    /// </returns>
    Tensor? Deliver(CandidatePool pool);
}
