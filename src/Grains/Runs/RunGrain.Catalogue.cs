using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Resilience;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    /// <summary>How often the catalogue is told who serves the run, and asked what the others do.</summary>
    static readonly TimeSpan LookPeriod = TimeSpan.FromSeconds(2);

    Task recording = Task.CompletedTask, looking = Task.CompletedTask;
    CatalogueEntry? recorded;
    DeviceTable? cluster;
    DateTimeOffset looked;
    int told;
    HashSet<WorkerId> surplus = [];

    void RecordSoon()
    {
        if (plan is not null && recording.IsCompleted && Entry() != recorded) recording = RecordAsync();
    }

    CatalogueEntry Entry() => new(
        Id, state.State.Status, state.State.Started, state.State.Status == RunStatus.Running ? obstacle : state.State.Reason, plan!.Specification.Pipeline.Priority);

    /// <summary>Tells the catalogue until it knows the newest; a failure is made good by the next tick.</summary>
    async Task RecordAsync()
    {
        try
        {
            for (var entry = Entry(); entry != recorded; entry = Entry())
            {
                await Catalogue.RecordAsync(entry, CancellationToken.None);
                recorded = entry;
            }
        }
        catch (Exception e)
        {
            LogNotRecorded(Id, ErrorText.Of(e));
        }
    }

    /// <summary>Gives a change of status a moment to get into the list, so that whoever caused it finds it there.</summary>
    async Task RecordedAsync()
    {
        RecordSoon();
        await recording.WaitAsync(Patience, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>A run that has ended says so once, and asks nothing more.</summary>
    void LookAround()
    {
        if (!looking.IsCompleted || Now - looked < LookPeriod || (state.State.Status != RunStatus.Running && told == 0 && !workers.Ids.Any())) return;
        looked = Now;
        looking = LookAsync();
    }

    async Task LookAsync()
    {
        try
        {
            var serving = new RunWorkers(Id, [.. workers.Ids]);
            cluster = await Catalogue.ServeAsync(serving, CancellationToken.None);
            told = serving.Workers.Count;
            // Each is told once: by the time it comes back, it may be wanted.
            surplus = [.. cluster.Surplus];
        }
        catch (Exception e)
        {
            cluster = null;
            LogNotRecorded(Id, ErrorText.Of(e));
        }
    }

    ICatalogueGrain Catalogue => GrainFactory.GetGrain<ICatalogueGrain>(ICatalogueGrain.Key);
}
