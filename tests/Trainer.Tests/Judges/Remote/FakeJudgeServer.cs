using System.Net;
using System.Net.Sockets;
using System.Text;

namespace SpoActors.Trainer.Tests.Judges.Remote;

/// <summary>A server in this process that answers as a test wants.</summary>
sealed class FakeJudgeServer : IDisposable
{
    public const string Description = """{ "protocol": 1, "name": "fake", "input": "images", "knows_timestep": true, "scale": 2.5 }""";

    readonly HttpListener listener = new();
    readonly ManualResetEventSlim closed = new();

    public FakeJudgeServer()
    {
        Url = $"http://127.0.0.1:{FreePort()}";
        listener.Prefixes.Add(Url + "/");
        listener.Start();
        new Thread(Serve) { IsBackground = true }.Start();
    }

    public string Url { get; }

    /// <summary>Status and body for each question, by the number of questions before it.</summary>
    public Func<int, byte[], (int Status, byte[] Body)> OnScore { get; set; } = (_, _) => (500, []);

    public Func<(int Status, byte[] Body)> OnDescribe { get; set; } = () => (200, Encoding.UTF8.GetBytes(Description));

    /// <summary>Keys of the questions, in their order.</summary>
    public List<string?> Keys { get; } = [];

    public List<string?> Tokens { get; } = [];

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    /// <summary>Holds an answer back until the server is closed.</summary>
    public (int, byte[]) Never()
    {
        closed.Wait();
        return (200, []);
    }

    public void Dispose()
    {
        closed.Set();
        listener.Close();
    }

    void Serve()
    {
        try
        {
            while (true)
            {
                var context = listener.GetContext();
                new Thread(() => Answer(context)) { IsBackground = true }.Start();
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    void Answer(HttpListenerContext context)
    {
        try
        {
            lock (Tokens) Tokens.Add(context.Request.Headers["Authorization"]);
            var (status, body) = context.Request.Url!.AbsolutePath == "/describe" ? OnDescribe() : Score(context.Request);
            context.Response.StatusCode = status;
            context.Response.OutputStream.Write(body);
            context.Response.Close();
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client has gone.
        }
    }

    (int, byte[]) Score(HttpListenerRequest request)
    {
        using var body = new MemoryStream();
        request.InputStream.CopyTo(body);
        int before;
        lock (Keys)
        {
            before = Keys.Count;
            Keys.Add(request.Headers["Idempotency-Key"]);
        }
        return OnScore(before, body.ToArray());
    }
}
