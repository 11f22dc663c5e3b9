namespace SpoActors.Client.Clusters;

/// <summary>Finds a cluster.</summary>
public interface IClusterConnector
{
    /// <summary>Connects to one of its silos.</summary>
    /// <param name="settings">File whose <c>cluster</c> section says where the cluster is; a silo's own configuration will do.</param>
    /// <param name="cancellation">Stops trying.</param>
    /// <exception cref="ClientException">No silo answers.</exception>
    Task<IClusterConnection> ConnectAsync(string settings, CancellationToken cancellation);
}

/// <summary>A connection to a cluster; Orleans mends it when a silo goes.</summary>
public interface IClusterConnection : IAsyncDisposable
{
    /// <summary>Where its grains come from.</summary>
    IGrainFactory Grains { get; }
}
