using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Runs;

namespace SpoActors.Grains.Tests.Runs;

public sealed class EventLogTests
{
    [Fact]
    public void Read_BeforeAnEventIsStored_DoesNotShowIt()
    {
        var log = New(new RunEvents());
        log.Add("round", "one");
        Assert.True(log.IsUnsaved);
        Assert.Null(log.Read("", 0));
        log.OnStored(log.Last);
        log.Add("round", "two");
        Assert.Equal(["one"], Texts(log.Read("", 0)));
    }

    [Fact]
    public void Read_AfterAMove_GoesOnWhereTheReaderStopped()
    {
        var state = new RunEvents();
        var log = New(state);
        Add(log, "one", "two");
        var read = log.Read("", 0)!;

        // What was not stored is lost with the silo; nobody has seen its number.
        log.Add("round", "lost");
        state.Kept.RemoveAt(2);
        var moved = New(state);
        Assert.Null(moved.Read(read.Stream, read.Events[^1].Sequence));
        Add(moved, "three");
        var next = moved.Read(read.Stream, read.Events[^1].Sequence)!;
        Assert.Equal((read.Stream, 0L), (next.Stream, next.Missed));
        Assert.Equal(["three"], Texts(next));
    }

    [Fact]
    public void Read_WhenMoreHappenedThanIsKept_SaysHowManyAreMissing()
    {
        var log = New(new RunEvents(), capacity: 3);
        Add(log, "one", "two", "three", "four", "five");
        var read = log.Read(log.Stream, 1)!;
        Assert.Equal(["three", "four", "five"], Texts(read));
        Assert.Equal(1, read.Missed);
    }

    [Fact]
    public void Read_WithAPlaceOfAnotherStream_BeginsAgain()
    {
        var log = New(new RunEvents());
        Add(log, "one");
        Assert.Equal(["one"], Texts(log.Read("another", 7)));
    }

    static EventLog New(RunEvents state, int capacity = 500) => new(TimeProvider.System, state, capacity);

    static void Add(EventLog log, params string[] texts)
    {
        foreach (var text in texts) log.Add("round", text);
        log.OnStored(log.Last);
    }

    static IEnumerable<string> Texts(EventsRead? read) => read!.Events.Select(e => e.Text);
}
