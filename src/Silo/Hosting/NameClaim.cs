using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using SpoActors.Grains.Hosting;

namespace SpoActors.Silo.Hosting;

/// <summary>
/// Refuses a silo whose name a living one has. Workers, leases and grains of devices are addressed by name: two of one name would take
/// each other's runs for ever.
/// </summary>
/// <param name="services">Those of the silo that is about to join.</param>
/// <param name="failure">Time in which the others notice that a silo is dead.</param>
sealed partial class NameClaim(IServiceProvider services, TimeSpan failure)
{
    static readonly TimeSpan Period = TimeSpan.FromSeconds(1), ConnectPatience = TimeSpan.FromSeconds(2);

    readonly string name = services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName;
    readonly TimeProvider time = services.GetRequiredService<TimeProvider>();
    readonly ILogger logger = services.GetRequiredService<ILoggerFactory>().CreateLogger("SpoActors.Silo");

    /// <summary>Waits for a silo of this name that is dead but not known to be.</summary>
    /// <exception cref="ClusterConflictException">It lives.</exception>
    public async Task EnsureFreeAsync(CancellationToken cancellation)
    {
        var table = services.GetRequiredService<IMembershipTable>();
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellation).ConfigureAwait(false);
        var first = await OtherAsync(table, cancellation).ConfigureAwait(false);
        if (first is null) return;
        var isTold = false;
        for (var other = first; other is not null; other = await OtherAsync(table, cancellation).ConfigureAwait(false))
        {
            if (other.IAmAliveTime > first.IAmAliveTime || await AnswersAsync(other.SiloAddress.Endpoint, cancellation).ConfigureAwait(false))
                throw new ClusterConflictException(string.Create(CultureInfo.InvariantCulture,
                    $"name: '{name}' belongs to a living silo of the cluster, at {other.SiloAddress.Endpoint}; give this silo another name, or stop the other"));
            if (!isTold) LogWaiting(name, other.SiloAddress.Endpoint);
            isTold = true;
            await Task.Delay(Period, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>A member of this name elsewhere that says that it lives, or did so a moment ago. One at this silo's own address is its predecessor.</summary>
    async Task<MembershipEntry?> OtherAsync(IMembershipTable table, CancellationToken cancellation)
    {
        var own = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        var self = new IPEndPoint(own.AdvertisedIPAddress, own.SiloPort);
        var members = (await table.ReadAllAsync(cancellation).ConfigureAwait(false)).Members.Select(m => m.Item1);
        return members.FirstOrDefault(m =>
            m.SiloName == name && m.Status != SiloStatus.Dead && !m.SiloAddress.Endpoint.Equals(self) && time.GetUtcNow().UtcDateTime - m.IAmAliveTime < 2 * failure);
    }

    static async Task<bool> AnswersAsync(IPEndPoint address, CancellationToken cancellation)
    {
        using var client = new TcpClient(address.AddressFamily);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(ConnectPatience);
        try
        {
            await client.ConnectAsync(address, patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster has a silo named '{Name}' at {Address}; waiting for it to be declared dead")]
    partial void LogWaiting(string name, IPEndPoint address);
}
