using Orleans.Runtime;

namespace SpoActors.Grains.Runs;

/// <summary>
/// Tells when the silo begins to stop, after its workers have drained and before grains are deactivated: a grain is deactivated only when
/// its calls have ended, so those that merely wait for news must end then.
/// </summary>
public sealed class SiloStopping : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    readonly CancellationTokenSource source = new();

    public CancellationToken Token => source.Token;

    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(SiloStopping), ServiceLifecycleStage.Active, _ => Task.CompletedTask, _ => source.CancelAsync());

    public void Dispose() => source.Dispose();
}
