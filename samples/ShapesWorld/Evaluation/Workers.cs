using System.Runtime.ExceptionServices;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>Dedicated threads, since TorchSharp's scopes belong to a thread.</summary>
static class Workers
{
    /// <summary>Runs the work on that many threads and waits for all; the first failure is thrown here.</summary>
    public static void Run(int count, Action<int> work)
    {
        var failures = new ExceptionDispatchInfo?[count];
        var threads = Enumerable.Range(0, count).Select(worker => new Thread(() =>
        {
            try
            {
                work(worker);
            }
            catch (Exception e)
            {
                failures[worker] = ExceptionDispatchInfo.Capture(e);
            }
        })
        { IsBackground = true, Name = $"evaluation {worker}" }).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        Array.Find(failures, f => f is not null)?.Throw();
    }
}
