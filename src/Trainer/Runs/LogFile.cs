using System.Globalization;
using SpoActors.Trainer.Progress;

namespace SpoActors.Trainer.Runs;

/// <summary>Appends what a run did to <c>log.txt</c>, a line an event, with the time in UTC.</summary>
public sealed class LogFile(string path, TimeProvider time) : IRunProgress
{
    public void Report(RunEvent runEvent)
    {
        if (ProgressText.Describe(runEvent) is not { } text) return;
        var now = time.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        File.AppendAllText(path, $"{now} {text}\n");
    }
}
