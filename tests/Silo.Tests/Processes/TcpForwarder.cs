using System.Net;
using System.Net.Sockets;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>Passes connections on to another address, so that a server on loopback is reached from elsewhere.</summary>
sealed class TcpForwarder : IAsyncDisposable
{
    readonly CancellationTokenSource ended = new();
    readonly TcpListener listener;
    readonly IPEndPoint target;
    readonly Task accepting;

    public TcpForwarder(IPAddress address, IPEndPoint target)
    {
        this.target = target;
        listener = new TcpListener(address, 0);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ForwardAsync(await listener.AcceptTcpClientAsync(ended.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task ForwardAsync(TcpClient near)
    {
        using var far = new TcpClient();
        using (near)
        {
            await far.ConnectAsync(target, ended.Token);
            await Task.WhenAny(near.GetStream().CopyToAsync(far.GetStream(), ended.Token), far.GetStream().CopyToAsync(near.GetStream(), ended.Token));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await accepting;
        listener.Dispose();
        ended.Dispose();
    }
}
