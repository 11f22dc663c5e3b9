using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Resilience;

namespace SpoActors.Grains.Workers;

public abstract partial class WorkerSession
{
    async Task BeatAsync()
    {
        var period = TimeSpan.FromSeconds(Math.Min(specification.Pipeline.LeaseSeconds / 4, services.Options.Heartbeat.TotalSeconds));
        using var timer = new PeriodicTimer(period, services.Time);
        do
        {
            await TryAsync(BeatOnceAsync).ConfigureAwait(false);
        }
        while (!Ended.IsCancellationRequested && await NextAsync(timer).ConfigureAwait(false));
    }

    async Task<bool> NextAsync(PeriodicTimer timer)
    {
        try
        {
            return await timer.WaitForNextTickAsync(Ended).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>A heartbeat, out of turn.</summary>
    protected async Task BeatOnceAsync()
    {
        var report = Report();
        services.Instruments.OnReport(report);
        WorkerOrders orders;
        try
        {
            orders = await services.Calls.OnceAsync(token => RunGrain.ReportAsync(report, token), CancellationToken.None).ConfigureAwait(false);
        }
        catch (PipelineException e)
        {
            // The run is unknown: storage in memory went with the silo that held it. Nobody will ever tell this worker to stop.
            LogCallFailed(id, run, ErrorText.Of(e));
            await ended.CancelAsync().ConfigureAwait(false);
            return;
        }
        Assigned = orders.Assigned;
        // A paused run gives its devices and their memory back.
        if (orders.Revision != joined.Revision || orders.Leave || orders.Status == RunStatus.Paused) await leaving.CancelAsync().ConfigureAwait(false);
        foreach (var lease in orders.Lost) Lose(lease);
        if (orders.Status is RunStatus.Cancelled or RunStatus.Finished) await ended.CancelAsync().ConfigureAwait(false);
        else await OnStandingAsync(orders.Standing).ConfigureAwait(false);
    }
}
