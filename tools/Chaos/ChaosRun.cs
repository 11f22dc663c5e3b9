using System.Diagnostics.CodeAnalysis;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Specification;
using SpoActors.Tools.Chaos.Processes;
using SpoActors.Trainer.Devices;

namespace SpoActors.Tools.Chaos;

/// <summary>
/// Runs one trainer, one scorer and two samplers as processes, kills a silo in every round at a random moment, stops a trainer and a
/// sampler for longer than their leases and wakes them up again, restarts PostgreSQL, and compares what the run ends with.
/// </summary>
[SuppressMessage("Security", "CA5394", Justification = "Moments of kills, from a seed.")]
[SuppressMessage("Design", "CA1001", Justification = "The supervisor ends with the run.")]
public sealed class ChaosRun(ProcessCluster cluster, ChaosPlan plan, PostgresRestart? postgres, Action<string> say)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    readonly Random random = new(plan.Seed);
    readonly Supervisor supervisor = new(cluster, say);
    string run = "";
    int kills, zombies, restarts;
    SiloProcess? spare;

    public async Task<ChaosReport> ExecuteAsync(RunSpecification specification, CancellationToken cancellation)
    {
        run = specification.Name;
        var started = TimeProvider.System.GetTimestamp();
        await using var executor = new DeviceExecutor("reference");
        var expected = await executor.RunAsync(() => SmallRun.Sequential(specification), cancellation).ConfigureAwait(false);
        var undisturbed = TimeProvider.System.GetElapsedTime(started);
        say($"seed {plan.Seed}, {plan.Kills} kills, {plan.Rounds} rounds; sequential loop {undisturbed.TotalSeconds:f1} s: adapter {expected.AdapterHash}, consumed {expected.ConsumedDigest}");

        await cluster.StartAsync(SiloPlan.Four, cancellation).ConfigureAwait(false);
        started = TimeProvider.System.GetTimestamp();
        await cluster.StartRunAsync(specification, cancellation).ConfigureAwait(false);
        RunSnapshot last;
        await using (supervisor)
        {
            supervisor.Start();
            await DisturbAsync(undisturbed / plan.Rounds, cancellation).ConfigureAwait(false);
            last = await cluster.UntilAsync(run, s => s.Status == RunStatus.Finished, Patience, cancellation).ConfigureAwait(false);
        }
        var disturbed = TimeProvider.System.GetElapsedTime(started);
        var left = await cluster.StopAsync(cancellation).ConfigureAwait(false);
        return new ChaosReport
        {
            Seed = plan.Seed,
            Kills = kills,
            SelfEnded = supervisor.SelfEnded,
            Zombies = zombies,
            PostgresRestarts = restarts,
            Undisturbed = undisturbed,
            Disturbed = disturbed,
            Expected = (expected.AdapterHash, expected.ConsumedDigest),
            Actual = (last.Adapter!.Hash, last.Totals.Digest),
            TrainerEpochs = last.TrainerEpoch,
            LeftBehind = left.Count,
        };
    }

    async Task DisturbAsync(TimeSpan round, CancellationToken cancellation)
    {
        var victims = cluster.Silos.ToArray();
        random.Shuffle(victims);
        for (int i = 0; i < plan.Kills; i++)
        {
            var snapshot = await cluster.UntilAsync(run, s => s.NextRound >= i || s.Status != RunStatus.Running, Patience, cancellation).ConfigureAwait(false);
            if (snapshot.Status != RunStatus.Running) throw new InvalidOperationException($"the run is {snapshot.Status} ({snapshot.Reason}) after {kills} of {plan.Kills} kills");
            if (plan.Zombies && i == plan.Kills / 3) await StopAsync(WorkerRole.Trainer, cancellation).ConfigureAwait(false);
            if (plan.Zombies && i == 2 * plan.Kills / 3) await StopAsync(WorkerRole.Sampler, cancellation).ConfigureAwait(false);
            if (postgres is not null && i == plan.Kills / 2)
            {
                say($"round {snapshot.NextRound}: PostgreSQL is restarted");
                await postgres.ExecuteAsync(cancellation).ConfigureAwait(false);
                restarts++;
            }
            await PauseAsync(round * random.NextDouble(), cancellation).ConfigureAwait(false);
            await KillAsync(victims[i % victims.Length], snapshot.NextRound, cancellation).ConfigureAwait(false);
        }
    }

    async Task KillAsync(SiloProcess silo, int round, CancellationToken cancellation)
    {
        // The spare trainer stands in for the one that it took the run from.
        if (spare is not null && silo.Plan.Roles == "trainer") silo = spare;
        supervisor.Leave(silo);
        silo.Kill();
        await silo.WaitForExitAsync(cancellation).ConfigureAwait(false);
        kills++;
        var pause = TimeSpan.FromSeconds(random.NextDouble());
        say($"round {round}: {silo.Plan.Name} killed ({kills}), away for {pause.TotalSeconds:f2} s");
        await PauseAsync(pause, cancellation).ConfigureAwait(false);
        silo.Start();
        supervisor.Watch(silo);
    }

    /// <summary>Stops a silo, waits until others have taken over and gone on, and wakes it up with all it believed.</summary>
    async Task StopAsync(WorkerRole role, CancellationToken cancellation)
    {
        var before = await cluster.UntilAsync(run, s => s.Workers.Any(w => w.Report.Worker.Role == role), Patience, cancellation).ConfigureAwait(false);
        var worker = before.Workers.First(w => w.Report.Worker.Role == role).Report.Worker;
        var silo = cluster[worker.Silo];
        supervisor.Leave(silo);
        silo.Suspend();
        say($"round {before.NextRound}: {worker} stopped in epoch {before.TrainerEpoch}");
        if (role == WorkerRole.Trainer)
        {
            spare = cluster.Start(new SiloPlan("trainer-2", "trainer", "cpu:4"));
            await cluster.UntilAsync(run, s => s.TrainerEpoch > before.TrainerEpoch && s.NextRound > before.NextRound, Patience, cancellation).ConfigureAwait(false);
        }
        else await cluster.UntilAsync(run, s => s.NextRound > before.NextRound && s.Workers.All(w => w.Report.Worker != worker), Patience, cancellation).ConfigureAwait(false);
        say($"{worker} wakes up");
        silo.Resume();
        zombies++;
        supervisor.Watch(silo);
    }

    static Task PauseAsync(TimeSpan time, CancellationToken cancellation) => Task.Delay(time, TimeProvider.System, cancellation);
}
