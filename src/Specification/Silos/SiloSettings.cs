namespace SpoActors.Specification.Silos;

/// <summary>All settings of a silo, as written in <c>config/silo.yaml</c> (keys in snake_case).</summary>
public sealed record SiloSettings
{
    /// <summary>What a device can do; the grains' worker roles, in lower case.</summary>
    public static readonly IReadOnlyList<string> KnownRoles = ["sampler", "scorer", "trainer"];

    /// <summary>Unique in the cluster; null takes the host's name.</summary>
    public string? Name { get; init; }

    /// <summary>What a device does that names no roles of its own: sampler, scorer, trainer.</summary>
    public IReadOnlyList<string> Roles { get; init; } = KnownRoles;

    /// <summary>
    /// Devices: cpu:0, cuda:1, or with roles of their own: <c>{ device: cuda:0, roles: [trainer] }</c>. Workers of one CPU have numbers of their own.
    /// </summary>
    public IReadOnlyList<DeviceSettings> Devices { get; init; } = [new DeviceSettings { Device = "cpu:0" }];

    /// <summary>What a device of this silo does.</summary>
    public IReadOnlyList<string> RolesOf(DeviceSettings device) => device.Roles ?? Roles;

    /// <summary>Folder that holds the runs' folders; null takes the output of each run.</summary>
    public string? RunsFolder { get; init; }

    /// <summary>Seconds a stopping silo may take to finish what it has begun.</summary>
    public int DrainSeconds { get; init; } = 300;

    /// <summary>text or json.</summary>
    public string Log { get; init; } = "text";

    public ClusterSettings Cluster { get; init; } = new();

    public HttpSettings Http { get; init; } = new();

    public TracingSettings Tracing { get; init; } = new();
}

/// <summary>How silos find each other, and where grains are stored.</summary>
public sealed record ClusterSettings
{
    /// <summary>Silos of one id form a cluster.</summary>
    public string Id { get; init; } = "spo";

    /// <summary>localhost (development: membership and storage live in the first silo), postgres or redis.</summary>
    public string Kind { get; init; } = "localhost";

    /// <summary>Connection string of PostgreSQL or Redis; <c>env:NAME</c> reads an environment variable.</summary>
    public string? Connection { get; init; }

    /// <summary>Address that other silos and clients reach this one at; a host name is looked up at start.</summary>
    public string Address { get; init; } = "127.0.0.1";

    public int SiloPort { get; init; } = 11111;

    public int GatewayPort { get; init; } = 30000;

    /// <summary>localhost only: address:port of the first silo; null for the first silo itself.</summary>
    public string? Primary { get; init; }

    /// <summary>Take name and address from the Kubernetes pod.</summary>
    public bool Kubernetes { get; init; }

    /// <summary>
    /// The ports between silos have no authentication. Beyond loopback they need this word of yours that only trusted machines reach them.
    /// </summary>
    public bool TrustedNetwork { get; init; }

    /// <summary>Seconds to wait for storage that is away at start, before giving up.</summary>
    public int StoragePatienceSeconds { get; init; } = 60;

    /// <summary>Seconds without an answer after which the others declare a silo dead; a dead silo that wakes up ends itself.</summary>
    public int FailureSeconds { get; init; } = 15;
}

/// <summary>Health, metrics and dashboard.</summary>
public sealed record HttpSettings
{
    public string Address { get; init; } = "127.0.0.1";

    public int Port { get; init; } = 8080;

    /// <summary>Bearer token for everything but the health endpoints; needed beyond loopback. <c>env:NAME</c> reads an environment variable.</summary>
    public string? Token { get; init; }

    /// <summary>The Orleans dashboard, below /dashboard.</summary>
    public bool Dashboard { get; init; } = true;
}

/// <summary>OpenTelemetry traces.</summary>
public sealed record TracingSettings
{
    /// <summary>OTLP endpoint; null sends nothing.</summary>
    public string? Endpoint { get; init; }
}
