using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Grains.Runs;

/// <summary>The last events of a run, numbered, so that a reader goes on where it stopped.</summary>
public sealed class EventLog(TimeProvider time, int capacity = 10_000)
{
    readonly Queue<RunEventRecord> kept = new();
    long last;

    /// <summary>Identity of this numbering.</summary>
    public string Stream { get; } = Guid.NewGuid().ToString("n");

    public void Add(string kind, string text)
    {
        kept.Enqueue(new RunEventRecord(++last, time.GetUtcNow(), kind, text));
        if (kept.Count > capacity) kept.Dequeue();
    }

    /// <summary>Events after a place; null if there are none. A place of another stream counts as the beginning.</summary>
    public EventsRead? Read(string stream, long after, int most = 500)
    {
        var from = stream == Stream ? after : 0;
        if (from >= last) return null;
        var first = kept.Peek().Sequence;
        return new EventsRead(Stream, [.. kept.Where(e => e.Sequence > from).Take(most)], Math.Max(0, first - from - 1));
    }
}
