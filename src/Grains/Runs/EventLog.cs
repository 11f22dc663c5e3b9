using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Grains.Runs;

/// <summary>
/// The last events of a run, numbered, so that a reader goes on where it stopped, on whichever silo the run is by then: an event is only
/// shown when it is stored, so that no number that was shown is ever given out again.
/// </summary>
public sealed class EventLog
{
    readonly TimeProvider time;
    readonly RunEvents state;
    readonly int capacity;
    long stored;

    /// <param name="time">Dates events.</param>
    /// <param name="state">As it was stored; whoever stores it again calls <see cref="OnStored"/>.</param>
    /// <param name="capacity">Events kept.</param>
    public EventLog(TimeProvider time, RunEvents state, int capacity = 500)
    {
        (this.time, this.state, this.capacity) = (time, state, capacity);
        if (state.Stream.Length == 0) state.Stream = Guid.NewGuid().ToString("n");
        stored = Last;
    }

    /// <summary>Identity of this numbering; another one only if the storage was lost.</summary>
    public string Stream => state.Stream;

    /// <summary>Number of the last event; 0 if there is none.</summary>
    public long Last => state.Kept.Count > 0 ? state.Kept[^1].Sequence : 0;

    public bool IsUnsaved => Last > stored;

    /// <summary>Whether such an event is kept.</summary>
    public bool Has(string kind, string text) => state.Kept.Any(e => e.Kind == kind && e.Text == text);

    public void Add(string kind, string text)
    {
        state.Kept.Add(new RunEventRecord(Last + 1, time.GetUtcNow(), kind, text));
        if (state.Kept.Count > capacity) state.Kept.RemoveAt(0);
    }

    /// <summary>All events up to a number are in the storage.</summary>
    public void OnStored(long last) => stored = Math.Max(stored, last);

    /// <summary>Events after a place; null if there are none. A place of another stream counts as the beginning.</summary>
    public EventsRead? Read(string stream, long after)
    {
        var from = stream == Stream ? after : 0;
        var news = state.Kept.Where(e => e.Sequence > from && e.Sequence <= stored).ToArray();
        return news.Length > 0 ? new EventsRead(Stream, news, news[0].Sequence - from - 1) : null;
    }
}
