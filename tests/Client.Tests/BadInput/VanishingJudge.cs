using System.Net;
using System.Net.Sockets;
using System.Text;
using SpoActors.Trainer.Tests.Judges.Remote;

namespace SpoActors.Client.Tests.BadInput;

/// <summary>A remote judge that describes itself, and is gone when it is to score: its connection breaks, and its port is closed.</summary>
sealed class VanishingJudge : IDisposable
{
    readonly TcpListener listener = new(IPAddress.Loopback, 0);

    public VanishingJudge()
    {
        listener.Start();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public string Url => $"http://{listener.LocalEndpoint}";

    public void Dispose() => listener.Dispose();

    void Serve()
    {
        var answer = Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {FakeJudgeServer.Description.Length}\r\nConnection: close\r\n\r\n{FakeJudgeServer.Description}");
        try
        {
            while (true)
            {
                using var client = listener.AcceptSocket();
                var request = new byte[4096];
                var read = client.Receive(request);
                if (!Encoding.ASCII.GetString(request, 0, read).StartsWith("GET", StringComparison.Ordinal))
                {
                    listener.Stop();
                    client.LingerState = new LingerOption(true, 0);
                    return;
                }
                client.Send(answer);
                client.Shutdown(SocketShutdown.Both);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // Closed.
        }
    }
}
