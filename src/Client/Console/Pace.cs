namespace SpoActors.Client.Console;

/// <summary>Keeps output from coming more often than once in an interval.</summary>
sealed class Pace(TimeProvider time, TimeSpan interval)
{
    long? last;

    public bool IsDue => last is not { } before || time.GetElapsedTime(before) >= interval;

    /// <summary>Something has been put out.</summary>
    public void Mark() => last = time.GetTimestamp();
}
