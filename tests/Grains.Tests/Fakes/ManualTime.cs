namespace SpoActors.Grains.Tests.Fakes;

/// <summary>Time that stands still until it is told to pass.</summary>
public sealed class ManualTime : TimeProvider
{
    long ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddTicks(ticks);

    public void Advance(TimeSpan span) => ticks += span.Ticks;
}
