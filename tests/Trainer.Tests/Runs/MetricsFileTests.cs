using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Trainer.Tests.Runs;

public sealed class MetricsFileTests : IDisposable
{
    readonly string path = Path.Combine(Directory.CreateTempSubdirectory("spo-test-").FullName, "metrics.jsonl");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);

    static RoundFinished Round(int round, double? loss = 0.5) => new(new RoundMetrics
    {
        Round = round,
        Prompts = 1,
        Pairs = 1,
        ValidPairShare = 1,
        ScoreMean = 1,
        ScoreStd = 0,
        Loss = loss,
        SampleSeconds = 1,
        ScoreSeconds = 1,
        TrainSeconds = 1,
        ConsumedDigest = "d",
    });

    static RunStarted Started(int firstRound) => new("a", "/a", firstRound, 9, 9);

    [Fact]
    public void Resuming_WhenRoundsAreDoneAgain_ReplacesTheirLines()
    {
        var file = new MetricsFile(path);
        foreach (var runEvent in new RunEvent[] { Started(0), Round(0), Round(1), Round(2, 0.75), Started(2), Round(2, 0.25) }) file.Report(runEvent);
        Assert.Equal([(0, 0.5), (1, 0.5), (2, 0.25)], MetricsFile.Read(path).Select(m => (m.Round, m.Loss!.Value)));
    }

    [Fact]
    public void Resuming_WhenACrashLeftHalfALine_DropsIt()
    {
        var file = new MetricsFile(path);
        file.Report(Started(0));
        file.Report(Round(0));
        File.AppendAllText(path, "{\"round\":1,\"pro");
        file.Report(Started(1));
        file.Report(Round(1));
        Assert.Equal([0, 1], MetricsFile.Read(path).Select(m => m.Round));
        Assert.Equal(2, File.ReadLines(path).Count());
    }

    [Fact]
    public void Writing_WhenTheLossDiverged_StillWorks()
    {
        var file = new MetricsFile(path);
        file.Report(Round(0, double.NaN));
        file.Report(Round(1, null));
        Assert.Equal([double.NaN, null], MetricsFile.Read(path).Select(m => m.Loss));
    }
}
