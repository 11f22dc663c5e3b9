using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;
using SpoActors.Grains.Telemetry;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    public async Task<JoinedRun> JoinAsync(JoinRun request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        // The list sent a worker to a run that the storage does not have: it shall send no more.
        if (plan is null) await Catalogue.LoseAsync(Id, cancellation);
        var known = RequirePlan();
        // A worker that joins has just begun: whatever it held before is gone with its process.
        Release(request.Worker);
        Forgive(request.Worker);
        var evaluation = known.Specification.Evaluation;
        return new JoinedRun(
            state.State.Status, state.State.Specification, known.Schedule.RoundCount, known.Prompts.Texts.Count,
            evaluation.Prompts.Count > 0 ? evaluation.Prompts : [.. known.Prompts.Texts.Take(evaluation.Count)], known.Prompts.Hash, events.Stream, state.State.Revision);
    }

    public Task<WorkerOrders> ReportAsync(WorkerReport report, CancellationToken cancellation)
    {
        RequirePlan();
        var before = workers.Hear(report, Now);
        if (before is null) events.Add("worker", $"{report.Worker} joined");
        if (report.Problem is not null && report.Problem != before?.Problem)
        {
            events.Add("worker", $"{report.Worker} takes no work: {report.Problem}");
            LogWorkerProblem(Id, report.Worker, report.Problem);
        }
        // Somebody who can take work may be what others wait for.
        if (before is null || before.IsReady != report.IsReady || before.Problem != report.Problem || before.Draining != report.Draining)
        {
            Pulse();
            work.Pulse();
        }
        var lost = ledger is null ? [] : report.Held.Where(l => !ledger.Renew(l, Now) && !IsProbe(l, report.Worker)).ToArray();
        var standing = report.TrainerEpoch is { } epoch ? Stand(epoch) : TrainerStanding.Current;
        return Task.FromResult(new WorkerOrders(state.State.Status, lost, ledger?.LeaseCountOf(report.Worker) ?? 0, standing, state.State.Revision, surplus.Remove(report.Worker)));
    }

    public Task<Acknowledged> LeaveAsync(WorkerLeft request, CancellationToken cancellation)
    {
        Part(request.Worker, request.Unfinished);
        return Task.FromResult(new Acknowledged());
    }

    public Task<Acknowledged> FailAsync(ItemFailure failure, CancellationToken cancellation)
    {
        RequirePlan();
        if (ledger is null) return Task.FromResult(new Acknowledged());
        if (IsProbe(failure.Lease, failure.Worker))
        {
            probes.Remove(failure.Worker);
            Strike(failure.Worker, item: null, failure.Error);
        }
        else if (failure.Kind == FailureKind.Infrastructure)
        {
            var reason = $"{failure.Worker}: {failure.Error}";
            if (ledger.Return(failure.Lease))
            {
                events.Add("lease", $"{failure.Lease.Item} goes back: {reason}");
                Pulse();
            }
            if (failure.Suspect is { } suspect && workers.Accuse(suspect, failure.Worker, Now)) Forget(suspect, reason);
        }
        else if (ledger.Renew(failure.Lease, Now))
        {
            instruments.OnItemFailed(Id);
            events.Add("failure", $"{failure.Lease.Item} failed on {failure.Worker}: {failure.Error}");
            if (failure.Kind == FailureKind.Device) ledger.Return(failure.Lease);
            else AfterFailure(failure.Lease.Item, ledger.Failed(failure.Lease, failure.Worker, Fit(failure.Worker.Role).Append(failure.Worker).Distinct().Count(), failure.Error), failure.Error);
            Strike(failure.Worker, failure.Kind == FailureKind.Device ? null : failure.Lease.Item, failure.Error);
            Pulse();
        }
        return Task.FromResult(new Acknowledged());
    }

    public async Task<Acknowledged> DivergedAsync(RunDiverged report, CancellationToken cancellation)
    {
        RequirePlan();
        if (state.State.Status == RunStatus.Running) await SetStatusAsync(RunStatus.Paused, report.Reason, $"cannot go on: {report.Reason}");
        return new Acknowledged();
    }

    public async Task<LeaseResponse> LeaseAsync(LeaseRequest request, CancellationToken cancellation)
    {
        RequirePlan();
        return await work.UntilAsync(() => Answer(request), Patience, cancellation) ?? new LeaseResponse(state.State.Status, null, Obstacle());
    }

    /// <summary>Null while there is nothing to say. A draining worker waits for nothing, and takes what it was given before it said so.</summary>
    LeaseResponse? Answer(LeaseRequest request) =>
        workers.Find(request.Worker) is { Draining: true } ? new LeaseResponse(state.State.Status, null, "it drains")
        : TryLease(request) is { } lease ? new LeaseResponse(state.State.Status, lease, "")
        : null;

    ItemLease? TryLease(LeaseRequest request)
    {
        var worker = request.Worker;
        if (workers.Find(worker) is { Problem: not null } || state.State.Status != RunStatus.Running || ledger is null || Trainer is not { } trainer) return null;
        var fitness = health.Fitness(worker, Now);
        if (fitness == WorkerFitness.Resting) return null;
        if (fitness == WorkerFitness.OnProbation && ledger.Probe() is { } probe)
        {
            probes[worker] = probe;
            return Lease(probe, adapters.Values.Last(), trainer, trainer) with { IsProbe = true };
        }
        var scorers = workers.Scorers(worker, ledger, health, Now);
        return ledger.Lease(worker, Fit(WorkerRole.Sampler), scorers, Now, request.ItemBytes) is { } id
            ? Lease(id, adapters[ledger.VersionOf(id.Item.Round)], ((ItemState.Leased)ledger[id.Item]!).Scorer, trainer)
            : null;
    }

    ItemLease Lease(LeaseId id, AdapterReference adapter, WorkerId scorer, WorkerId trainer)
    {
        var item = plan!.Schedule.Item(id.Item.Round, id.Item.Index);
        return new ItemLease(
            id, adapter, item.PromptIndices, [.. item.Rows.Select(plan.Schedule.Prompt)], item.Rows, scorer, trainer, Epoch, plan.Options.LeaseDuration,
            TraceParent: PipelineDiagnostics.Leasing(id));
    }
}
