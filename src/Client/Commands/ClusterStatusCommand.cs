using System.CommandLine;
using System.Globalization;
using Orleans.Runtime;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary><c>spo cluster status</c>: the silos of a cluster.</summary>
sealed class ClusterStatusCommand(ClusterServices services) : ClusterCommand("status", "List the silos of a cluster and how they are.", services)
{
    /// <summary>A silo as the membership knows it.</summary>
    sealed record SiloView(string Name, string Address, SiloStatus Status, DateTimeOffset Started, DateTimeOffset LastHeard);

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var management = session.Grains.GetGrain<IManagementGrain>(0);
        var silos = await session.Calls.CallAsync(token => management.GetDetailedHosts(onlyActive: false, token), cancellation);
        // The dead stay in the table for days.
        SiloView[] living =
        [
            .. silos.Where(s => s.Status != SiloStatus.Dead).OrderBy(s => s.SiloName, StringComparer.Ordinal)
                .Select(s => new SiloView(s.SiloName, s.SiloAddress.Endpoint.ToString(), s.Status, Utc(s.StartTime), Utc(s.IAmAliveTime))),
        ];
        Output.Result(parsed.GetValue(Format), living, Tables);
        return ExitCode.Success;
    }

    static IEnumerable<OutputTable> Tables(SiloView[] silos)
    {
        yield return new OutputTable("Silos", ["silo", "address", "status", "started", "last heard"],
            [.. silos.Select(s => (IReadOnlyList<string>)[s.Name, s.Address, ResultOutput.Text(s.Status), Text(s.Started), Text(s.LastHeard)])]);
    }

    static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    static string Text(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
