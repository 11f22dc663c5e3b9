namespace SpoActors.Grains.Tests.Fakes;

/// <summary>What becomes of the calls that leave a silo.</summary>
public sealed class FakeNetwork
{
    /// <summary>Called with the silo's name in place of the call, which it may make, delay, or lose.</summary>
    public Func<string, IOutgoingGrainCallContext, Task> OnCall { get; set; } = (_, call) => call.Invoke();

    public IOutgoingGrainCallFilter Of(string silo) => new Filter(this, silo);

    sealed class Filter(FakeNetwork network, string silo) : IOutgoingGrainCallFilter
    {
        public Task Invoke(IOutgoingGrainCallContext context) => network.OnCall(silo, context);
    }
}
