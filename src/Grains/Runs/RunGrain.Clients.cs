using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Ledger;
using SpoActors.Specification;
using SpoActors.Specification.Validation;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    public async Task<RunSnapshot> StartAsync(StartRun request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        // It becomes a folder's name on the trainers.
        if (RunName.Fault(Id) is { } fault) throw new PipelineException($"the run's name is {fault}");
        if (plan is not null) return await GoOnAsync(request);
        Checked(request.Specification, Unpack(request.Prompts));
        prompts.State.Prompts = request.Prompts;
        await prompts.WriteStateAsync(cancellation);
        state.State.Specification = request.Specification;
        state.State.Started = Now;
        await WriteAsync();
        if (plan is null)
        {
            Open();
            Announce("started");
        }
        // Last: whoever finds the run in the catalogue joins it at once.
        await RecordedAsync();
        return Snapshot();
    }

    static TrainingPrompts Unpack(PromptsPayload prompts) => new(prompts.Unpack(), prompts.Hash);

    /// <summary>Starting a run that exists goes on with it, if it is the same one; settings that may change are taken over.</summary>
    async Task<RunSnapshot> GoOnAsync(StartRun request)
    {
        var change = SettingsChange.Between(plan!.Specification, SpecificationYaml.Parse(request.Specification, "the specification"));
        if (change.Refused.Count > 0)
            throw new PipelineException(
                $"there is a run '{Id}' that computes something else: {string.Join("; ", change.Refused)}. {(change.Taken.Count == 0 ? "" : $"These alone could change: {string.Join("; ", change.Taken)}. ")}" +
                "Start this one under another name, or begin a branch with other settings from its last commit (`spo run --resume --branch NAME` in the runs' folder, then `spo start --name NAME`)", PipelineFault.Conflict);
        if (request.Prompts.Hash != plan.Prompts.Hash)
            throw new PipelineException($"there is a run '{Id}' with other {(MethodPlan.FlowOf(plan.Specification) == FlowKind.OwnPairs ? "pairs" : "prompts")}; start this one under another name, or bring back its own", PipelineFault.Conflict);
        if (change.Taken.Count > 0) await TakeAsync(request, change.Taken);
        var hasMore = state.State.Status == RunStatus.Finished && plan.Schedule.RoundCount > state.State.NextRound;
        if (hasMore || state.State.Status is RunStatus.Paused or RunStatus.Cancelled) await SetStatusAsync(RunStatus.Running, "", "goes on");
        return Snapshot() with { Taken = change.Taken };
    }

    /// <summary>Workers find out with their next heartbeat, finish what they have begun, and join again.</summary>
    async Task TakeAsync(StartRun request, IReadOnlyList<string> taken)
    {
        plan = Checked(request.Specification, plan!.Prompts);
        state.State.Specification = request.Specification;
        state.State.Revision++;
        // The ledger's bounds are among the settings; the trainer tells again where it stands.
        ledger = null;
        foreach (var setting in taken) events.Add("settings", setting);
        Pulse();
        await SaveAsync();
    }

    /// <exception cref="PipelineException">It is not valid, or cannot be dispatched.</exception>
    static RunPlan Checked(string specification, TrainingPrompts prompts)
    {
        try
        {
            var plan = new RunPlan(specification, prompts);
            SpecificationValidator.EnsureValid(plan.Specification, "the run's specification", checkFiles: false);
            return plan;
        }
        catch (Exception e) when (e is SpecificationException or ArgumentException)
        {
            throw new PipelineException(e.Message, e);
        }
    }

    public async Task<RunSnapshot> ControlAsync(ControlRun request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        if (plan is null && request.Action == RunAction.Cancel && await Catalogue.RemoveAsync(Id, cancellation)) return Removed();
        RequirePlan();
        if (state.State.Status == RunStatus.Finished)
            throw new PipelineException($"run '{Id}' is finished; there is nothing to {request.Action.ToString().ToLowerInvariant()}", PipelineFault.Conflict);
        await (request.Action switch
        {
            RunAction.Pause => SetStatusAsync(RunStatus.Paused, "paused by request", "paused"),
            RunAction.Cancel => SetStatusAsync(RunStatus.Cancelled, "cancelled by request", "cancelled"),
            _ => ResumeAsync(request.AllowRegression),
        });
        await RecordedAsync();
        return Snapshot();
    }

    public Task<RunSnapshot> DescribeAsync(DescribeRun request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        RequirePlan();
        return Task.FromResult(Snapshot());
    }

    public async Task<EventsRead> ReadEventsAsync(ReadEvents request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        RequirePlan();
        return await signal.UntilAsync(() => events.Read(request.Stream, request.After), request.Wait ? Patience : TimeSpan.Zero, cancellation)
            ?? new EventsRead(events.Stream, [], 0);
    }

    async Task ResumeAsync(bool allowRegression)
    {
        if (allowRegression && !state.State.MayRegress)
        {
            state.State.MayRegress = true;
            events.Add("status", "the next trainer may go on from less than is committed, by request");
            await SaveAsync();
        }
        await SetStatusAsync(RunStatus.Running, "", "goes on");
    }

    async Task SetStatusAsync(RunStatus status, string reason, string what)
    {
        if (state.State.Status == status) return;
        var goesOn = status == RunStatus.Running;
        // Whoever resumes has mended what made the items fail. The trainer tells again where it stands, and they are pending.
        if (goesOn && (state.State.SetAside.Count > 0 || state.State.Status == RunStatus.Cancelled))
        {
            state.State.SetAside.Clear();
            ledger = null;
        }
        if (goesOn) ForgiveAll();
        if (status == RunStatus.Cancelled) ledger = null;
        (state.State.Status, state.State.Reason) = (status, reason);
        Announce(what);
        await SaveAsync();
    }

    void Announce(string what)
    {
        events.Add("status", $"run '{Id}' {what}");
        LogStatus(Id, what);
        Pulse();
    }

    RunSnapshot Snapshot() => new(
        Id, state.State.Status, Obstacle(), ledger?.NextRound ?? state.State.NextRound, RequirePlan().Schedule.RoundCount, state.State.Adapter,
        state.State.Totals, state.State.TrainerEpoch, Counts(), [.. state.State.SetAside.Select(s => new SetAsideItem(s.Key, s.Value))],
        [.. workers.Views(Now, health)], workers.Bottleneck());

    /// <summary>What is said of a run that was on the list and had no state.</summary>
    RunSnapshot Removed() => new(
        Id, RunStatus.Cancelled, "its state was not in the cluster's storage; it is off the list. `spo start` begins it again, from its folder if that is there", 0, 0, null,
        new ConsumedTotals(0, ""), 0, Counts(), [], [], "");

    ItemCounts Counts() => ledger is null
        ? new ItemCounts(0, 0, 0, 0, 0, 0)
        : new ItemCounts(
            ledger.PendingCount, ledger.LeasedCount, ledger.ScoredCount,
            ledger.Expired, ledger.DuplicatesDropped, ledger.Failures);
}
