using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace SpoActors.Tools.Chaos.Processes;

/// <summary>A silo to start as a process.</summary>
/// <param name="Name">Name.</param>
/// <param name="Roles">Its roles, as in silo.yaml.</param>
/// <param name="Device">Its device; another one for each silo of this machine.</param>
public sealed record SiloPlan(string Name, string Roles, string Device)
{
    /// <summary>Address that the silo is reached at.</summary>
    public string Address { get; init; } = "127.0.0.1";

    public int SiloPort { get; init; } = FreePort();

    public int GatewayPort { get; init; } = FreePort();

    public string HttpAddress { get; init; } = "127.0.0.1";

    public int HttpPort { get; init; } = FreePort();

    /// <summary>Needed where <see cref="HttpAddress"/> is not loopback.</summary>
    public string HttpToken { get; init; } = "null";

    /// <summary>Put before the program: what runs it elsewhere, such as in a network namespace.</summary>
    public IReadOnlyList<string> Launcher { get; init; } = [];

    /// <summary>Another connection string than the cluster's.</summary>
    public string? Connection { get; init; }

    /// <summary>More lines for silo.yaml.</summary>
    public string More { get; init; } = "";

    /// <summary>One trainer, two samplers, one scorer.</summary>
    public static IReadOnlyList<SiloPlan> Four { get; } =
    [
        new("trainer-1", "trainer", "cpu:0"), new("scorer-1", "scorer", "cpu:1"), new("sampler-1", "sampler", "cpu:2"), new("sampler-2", "sampler", "cpu:3"),
    ];

    /// <summary>Its settings file.</summary>
    public string ToYaml(ProcessStorage storage, string runsFolder) => string.Create(CultureInfo.InvariantCulture, $"""
        name: {Name}
        roles: [{Roles}]
        devices: ["{Device}"]
        runs_folder: {runsFolder}
        cluster:
          id: {storage.ClusterId}
          kind: {storage.Kind}
          connection: "{Connection ?? storage.Connection}"
          address: {Address}
          trusted_network: true
          silo_port: {SiloPort}
          gateway_port: {GatewayPort}
          storage_patience_seconds: 60
          failure_seconds: 6
        http:
          address: {HttpAddress}
          port: {HttpPort}
          token: {HttpToken}
        {More}
        """);

    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
