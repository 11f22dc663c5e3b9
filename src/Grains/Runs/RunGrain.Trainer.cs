using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    /// <summary>The trainer that owns the run; null when it has left.</summary>
    WorkerId? Trainer => state.State.Trainer;

    public async Task<TrainerClaimed> ClaimTrainerAsync(TrainerClaim request, CancellationToken cancellation)
    {
        RequirePlan();
        if (state.State.Status != RunStatus.Running) return new TrainerClaimed(state.State.Status, null, $"the run is {state.State.Status}");
        var isAlive = Trainer is { } owner && owner != request.Worker && !silos.IsDead(owner.Silo) && Now - trainerHeard < plan!.Options.LeaseDuration;
        if (isAlive) return new TrainerClaimed(state.State.Status, null, $"{Trainer} trains it");

        var found = request.Commit?.Round;
        if (Fault(found) is { } fault)
        {
            if (!state.State.MayRegress) return new TrainerClaimed(state.State.Status, null, fault, IsTheFolders: true);
            events.Add("worker", $"{request.Worker} goes back to round {found?.NextRound ?? 0}, as was allowed");
        }
        (state.State.Committed, state.State.MayRegress) = (found, false);
        ledger = null;
        trainerHeard = Now;
        state.State.Trainer = request.Worker;
        (state.State.TrainerEpoch, state.State.TrainerNonce) = (Math.Max(state.State.TrainerEpoch, request.Commit?.Epoch ?? 0) + 1, Guid.NewGuid());
        var epoch = Epoch;
        events.Add("worker", $"{request.Worker} takes the run over, epoch {epoch.Number}");
        await SaveAsync();
        return new TrainerClaimed(state.State.Status, epoch, "");
    }

    /// <summary>The epoch that owns the run.</summary>
    TrainerEpoch Epoch => new(state.State.TrainerEpoch, state.State.TrainerNonce);

    /// <summary>Why a trainer whose folder holds a commit may not go on from it; null if it may.</summary>
    string? Fault(CommittedRound? found)
    {
        if (state.State.Committed is not { } known || found?.NextRound > known.NextRound || found == known) return null;
        var what = found is null ? "holds no commit" : found.NextRound < known.NextRound ? $"is committed to round {found.NextRound}" : $"holds another commit of round {found.NextRound} ({found.Digest})";
        return $"{what}, the run to round {known.NextRound} ({known.Digest}): give this silo the runs_folder that has it, or `spo resume {Id} --allow-regression` to train from here again";
    }

    public async Task<TrainerReply> TrainerReadyAsync(TrainerReady request, CancellationToken cancellation)
    {
        RequirePlan();
        if (!IsNews(request)) return Reply(request.Epoch);
        state.State.Incarnation++;
        var behind = state.State.NextRound - request.NextRound;
        state.State.NextRound = request.NextRound;
        state.State.Totals = request.Totals;
        adapters.Clear();
        foreach (var adapter in request.Adapters) adapters[adapter.Version] = adapter;
        state.State.Adapter = adapters[request.NextRound];
        // Trained on and committed, but the word of it got lost.
        if (behind == -1) AnnounceRound(request.LastMetrics, state.State.Adapter);
        await SaveAsync();
        // The epochs of an incarnation are only given out once it is stored.
        if (!IsNews(request)) return Reply(request.Epoch);
        ledger = new RunLedger(
            plan!.Options, Id, plan.Schedule.ItemCount, plan.Schedule.RoundCount, request.NextRound,
            state.State.Incarnation << 32, state.State.SetAside);
        foreach (var held in request.Held) ledger.Scored(held);
        events.Add("worker", $"{request.Worker} is ready at round {request.NextRound}{(behind > 0 ? $"; {behind} rounds after its last commit are done again" : "")}");
        if (ledger.IsFinished) await FinishAsync();
        Pulse();
        return Reply(request.Epoch);
    }

    public Task<TrainerReply> ItemScoredAsync(ItemScored request, CancellationToken cancellation)
    {
        if (Stand(request.Epoch) == TrainerStanding.Current)
        {
            var leased = ledger![request.Lease.Item] as ItemState.Leased;
            if (ledger.Scored(request.Lease))
            {
                if (leased?.Epoch == request.Lease.Epoch) Succeed(leased);
                Pulse();
            }
            else instruments.OnDuplicateDropped(Id);
        }
        return Task.FromResult(Reply(request.Epoch));
    }

    public async Task<RoundResponse> AwaitRoundAsync(RoundRequest request, CancellationToken cancellation)
    {
        RequirePlan();
        // Word of a round that was trained on got lost: the trainer shall tell where it stands.
        if (Stand(request.Epoch) == TrainerStanding.Current && request.Round > ledger!.NextRound) ledger = null;
        var work = await signal.UntilAsync(() => CompleteRound(request), Patience, cancellation);
        // What was set aside must be durable before a round without it is trained on.
        if (work is { } && isUnsaved) await SaveAsync();
        return new RoundResponse(Reply(request.Epoch), work);
    }

    RoundWork? CompleteRound(RoundRequest request)
    {
        if (state.State.Status != RunStatus.Running || Stand(request.Epoch) != TrainerStanding.Current || ledger!.NextRound != request.Round) return null;
        return ledger.CompleteRound() is { } items && ledger.SetAsideShare(request.Round) <= plan!.Options.MaxSetAside
            ? new RoundWork(plan.Schedule.Round(request.Round), items, ledger.VersionOf(request.Round), plan.Schedule.RoundCount)
            : null;
    }

    public async Task<TrainerReply> AuthoriseCommitAsync(CommitRequest request, CancellationToken cancellation)
    {
        RequirePlan();
        // Writing compares the ETag: it fails if another activation has let another trainer in.
        if (Stand(request.Epoch) != TrainerStanding.Superseded) await SaveAsync();
        return Reply(request.Epoch);
    }

    public async Task<TrainerReply> RoundTrainedAsync(RoundTrained request, CancellationToken cancellation)
    {
        RequirePlan();
        if (Stand(request.Epoch) != TrainerStanding.Current) return Reply(request.Epoch);
        if (request.NextRound == ledger!.NextRound + 1)
        {
            ledger.Consume(request.NextRound - 1);
            adapters[request.NextRound] = request.Adapter;
            adapters.Remove(ledger.VersionOf(request.NextRound) - 1);
            (state.State.NextRound, state.State.Totals, state.State.Adapter) = (request.NextRound, request.Totals, request.Adapter);
            AnnounceRound(request.Metrics, request.Adapter);
            instruments.OnRoundTrained(Id, request);
            Pulse();
        }
        if (request.Committed) state.State.Committed = new CommittedRound(request.NextRound, request.Totals.Digest);
        await (ledger.IsFinished ? FinishAsync() : SaveAsync());
        return Reply(request.Epoch);
    }

    public async Task<Acknowledged> TrainerLeftAsync(TrainerLeft request, CancellationToken cancellation)
    {
        if (Stand(request.Epoch) == TrainerStanding.Superseded) return new Acknowledged();
        (ledger, state.State.Trainer) = (null, null);
        if (request.Committed.NextRound > 0) state.State.Committed = request.Committed;
        await SaveAsync();
        return new Acknowledged();
    }

    /// <summary>Once, though rounds may be done again, and a silo be killed between storing events and storing where the run stands.</summary>
    void AnnounceRound(string? metrics, AdapterReference adapter)
    {
        var text = $"version {adapter.Version}, {adapter.Hash}";
        if (events.Has("adapter", text)) return;
        if (metrics is not null) events.Add("round", metrics);
        events.Add("adapter", text);
    }

    async Task FinishAsync()
    {
        if (state.State.Status != RunStatus.Finished)
        {
            (state.State.Status, state.State.Reason) = (RunStatus.Finished, "");
            Announce($"finished: adapter {state.State.Adapter!.Hash}, consumed digest {state.State.Totals.Digest}");
        }
        await SaveAsync();
    }

    /// <summary>
    /// Whether the ledger is to be made from it. It may have been made already, from what the trainer sent before it ended a round whose
    /// end found no ledger: whoever is ahead is right.
    /// </summary>
    bool IsNews(TrainerReady request) => Stand(request.Epoch) switch
    {
        TrainerStanding.NeedsSync => true,
        TrainerStanding.Current => ledger!.NextRound < request.NextRound,
        _ => false,
    };

    TrainerStanding Stand(TrainerEpoch epoch)
    {
        if (epoch != Epoch || Trainer is null) return TrainerStanding.Superseded;
        trainerHeard = Now;
        return ledger is null ? TrainerStanding.NeedsSync : TrainerStanding.Current;
    }

    TrainerReply Reply(TrainerEpoch epoch) => new(Stand(epoch), state.State.Status);
}
