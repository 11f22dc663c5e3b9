using System.Globalization;
using System.Net;
using System.Net.Sockets;
using SpoActors.Silo.Storage;
using SpoActors.Specification;
using SpoActors.Specification.Silos;

namespace SpoActors.Silo.Hosting;

/// <summary>
/// Holds the ports of this silo before it joins its cluster: members take a silo at an address of another for that one's successor, and
/// declare that one dead, whether or not the successor can listen.
/// </summary>
/// <remarks>A listening socket each until the silo itself listens, and a lock among this machine's silos, which stays.</remarks>
public sealed class PortClaims : IDisposable
{
    readonly List<TcpListener> listeners = [];
    readonly List<FileStream> locks = [];

    /// <param name="settings">Validated settings.</param>
    /// <param name="source">What they were read from.</param>
    /// <exception cref="SpecificationException">Some are in use, or the machine has no such address; all are listed.</exception>
    public PortClaims(SiloSettings settings, string source)
    {
        var cluster = settings.Cluster.Kubernetes ? IPAddress.Any : ClusterStorage.Resolve(settings.Cluster.Address);
        var problems = new List<Problem>();
        Claim("cluster.silo_port", cluster, settings.Cluster.SiloPort, problems);
        Claim("cluster.gateway_port", cluster, settings.Cluster.GatewayPort, problems);
        Claim("http.port", IPAddress.Parse(settings.Http.Address), settings.Http.Port, problems);
        if (problems.Count == 0) return;
        Dispose();
        throw new SpecificationException(source, problems);
    }

    /// <summary>Stops listening, for the silo to begin.</summary>
    public void Release()
    {
        foreach (var listener in listeners) listener.Dispose();
        listeners.Clear();
    }

    void Claim(string key, IPAddress address, int port, List<Problem> problems)
    {
        var found = string.Create(CultureInfo.InvariantCulture, $"{port}");
        try
        {
            locks.Add(MachineLock.Hold(string.Create(CultureInfo.InvariantCulture, $"port-{address}-{port}")));
            var listener = new TcpListener(address, port);
            listeners.Add(listener);
            listener.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressNotAvailable)
        {
            problems.Add(new Problem(key, $"{address}:{found}", "an address of this machine", "`ip address` lists them."));
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AccessDenied)
        {
            problems.Add(new Problem(key, found, "a port that this user may listen on", "Choose one above 1023."));
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(key, $"{found}, which is in use", "a free port", "Choose another, or stop what listens there."));
        }
    }

    public void Dispose()
    {
        Release();
        foreach (var held in locks) held.Dispose();
        locks.Clear();
    }
}
