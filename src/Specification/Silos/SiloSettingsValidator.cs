using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Silos;

/// <summary>Checks a silo's settings, and reports everything that is wrong at once.</summary>
public static partial class SiloSettingsValidator
{
    /// <summary>What a column of the membership's table holds.</summary>
    const int LongestName = 150;

    const int Day = 86400;

    static readonly string[] Kinds = ["localhost", "postgres", "redis"];

    public static IReadOnlyList<Problem> Validate(SiloSettings settings)
    {
        var problems = new List<Problem>();
        if (settings.Devices.Count == 0) Add("devices", "an empty list", "cpu:N or cuda:N", "A silo without a device never does anything; leave the key out for cpu:0.");
        CheckRoles("roles", settings.Roles);
        foreach (var device in settings.Devices.Where(d => !Device().IsMatch(d.Device)))
            Add("devices", device.Device.Length == 0 ? "nothing" : device.Device, "cpu:N or cuda:N", "`spo doctor` lists this machine's devices.");
        foreach (var device in settings.Devices.GroupBy(d => d.Device).Where(g => g.Count() > 1))
            Add("devices", $"{device.Key} twice", "every device once", "Remove one.");
        foreach (var (index, device) in settings.Devices.Index())
            if (device.Roles is { } roles) CheckRoles($"{SpecificationKeys.Item("devices", index)}.roles", roles);
        if (settings.Name is { } name) Named("name", name);
        if (settings.RunsFolder is { } folder && (folder.Length == 0 || File.Exists(folder)))
            Add("runs_folder", folder.Length == 0 ? "an empty text" : $"{folder}, which is a file", "a folder, or null", "Trainers make it where it is missing.");
        Within("drain_seconds", settings.DrainSeconds, 0, Day, "0 cuts off at once.");
        if (settings.Log is not ("text" or "json")) Add("log", settings.Log, "text or json", "Correct the value.");
        CheckCluster(settings.Cluster);
        CheckHttp(settings.Http);
        CheckPorts();
        if (settings.Tracing.Endpoint is { } endpoint && !Uri.TryCreate(endpoint, UriKind.Absolute, out _))
            Add("tracing.endpoint", endpoint, "a URL, or null", "For example http://127.0.0.1:4317.");
        return problems;

        void CheckRoles(string key, IReadOnlyList<string> roles)
        {
            if (roles.Count == 0) Add(key, "an empty list", "sampler, scorer or trainer", "Nothing is ever done without a role; leave the key out for all there are.");
            foreach (var role in roles.Where(r => !SiloSettings.KnownRoles.Contains(r, StringComparer.OrdinalIgnoreCase))) Add(key, role, "sampler, scorer or trainer", "Correct the role.");
            foreach (var role in roles.GroupBy(r => r, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1)) Add(key, $"{role.Key} twice", "every role once", "Remove one.");
        }

        void CheckCluster(ClusterSettings cluster)
        {
            if (!Kinds.Contains(cluster.Kind)) Add("cluster.kind", cluster.Kind, string.Join(", ", Kinds), "Correct the value.");
            if (cluster.Kind is "postgres" or "redis" && string.IsNullOrWhiteSpace(cluster.Connection))
                Add("cluster.connection", "nothing", "a connection string, or env:NAME of a variable that is set", $"{cluster.Kind} needs one.");
            if (cluster.Primary is { } primary && !IPEndPoint.TryParse(primary, out _)) Add("cluster.primary", primary, "address:port, or null", "For example 127.0.0.1:11111.");
            Port("cluster.silo_port", cluster.SiloPort);
            Port("cluster.gateway_port", cluster.GatewayPort);
            if (Uri.CheckHostName(cluster.Address) == UriHostNameType.Unknown) Add("cluster.address", cluster.Address, "an IP address or a host name", "Correct it.");
            else if (!IsLoopback(cluster.Address) && !cluster.Kubernetes && !cluster.TrustedNetwork)
                Add("cluster.address", cluster.Address, "a loopback address", "The ports between silos have no authentication; set cluster.trusted_network: true if only trusted machines reach them.");
            Named("cluster.id", cluster.Id);
            Within("cluster.storage_patience_seconds", cluster.StoragePatienceSeconds, 0, Day, "0 tries once.");
            Within("cluster.failure_seconds", cluster.FailureSeconds, 3, 3600, "Shorter times take a busy silo for a dead one, longer ones leave its items undone.");
        }

        void CheckHttp(HttpSettings http)
        {
            Port("http.port", http.Port);
            if (!IPAddress.TryParse(http.Address, out var address)) Add("http.address", http.Address, "an IP address", "Correct it.");
            else if (!IPAddress.IsLoopback(address) && string.IsNullOrWhiteSpace(http.Token))
                Add("http.token", "nothing", "a token, since http.address is not loopback", "Set a long random one, best as env:NAME.");
        }

        void CheckPorts()
        {
            foreach (var port in new[] { ("cluster.silo_port", settings.Cluster.SiloPort), ("cluster.gateway_port", settings.Cluster.GatewayPort), ("http.port", settings.Http.Port) }
                         .GroupBy(p => p.Item2).Where(g => g.Count() > 1))
                Add(string.Join(", ", port.Select(p => p.Item1)), port.Key, "every port once", "Choose another for each of the others.");
        }

        static bool IsLoopback(string address) => address == "localhost" || (IPAddress.TryParse(address, out var ip) && IPAddress.IsLoopback(ip));

        void Port(string key, int port) => Within(key, port, 1, 65535, "Choose a free port.");

        void Named(string key, string value)
        {
            if (!RunName.IsSpelled(value) || value.Length > LongestName)
                Add(key, value.Length == 0 ? "an empty text" : value, string.Create(CultureInfo.InvariantCulture, $"at most {LongestName} {RunName.Spelling}"), "Choose another.");
        }

        void Within(string key, int found, int least, int most, string fix)
        {
            if (found < least || found > most) Add(key, found, string.Create(CultureInfo.InvariantCulture, $"{least} to {most}"), fix);
        }

        void Add(string key, object found, string expected, string fix) =>
            problems.Add(new Problem(key, Convert.ToString(found, CultureInfo.InvariantCulture)!, expected, fix));
    }

    [GeneratedRegex(@"^(cpu|cuda):[0-9]{1,3}\z")]
    private static partial Regex Device();
}
