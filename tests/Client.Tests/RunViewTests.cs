using Spectre.Console.Testing;
using SpoActors.Client.Runs;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Tests;

public sealed class RunViewTests
{
    static readonly Dictionary<string, double> Objective = new() { [ObjectiveMetrics.Margin] = 0.0125, [ObjectiveMetrics.Accuracy] = 0.75 };

    static RoundMetrics Metrics(int round) => new()
    {
        Round = round,
        Prompts = 2,
        Pairs = 5,
        ValidPairShare = 0.5,
        ScoreMean = 21.5,
        ScoreStd = 1,
        Loss = 0.6875,
        Objective = Objective,
        SampleSeconds = 1,
        ScoreSeconds = 2,
        TrainSeconds = 3,
        ConsumedDigest = new string('a', 64),
    };

    static readonly RunEvent[] Events =
    [
        new RunStarted("tiny", "/runs/tiny", 0, 4, 100), new RoundStarted(0, 2), new StageProgress(RunStage.Sample, 0, 4, 8), new StageProgress(RunStage.Train, 0, 5, 5),
        new MinibatchFinished(5, 0.6875, Objective), new RoundFinished(Metrics(0)), new CheckpointWritten(1, "checkpoints/round-000001", new string('b', 64)),
    ];

    [Fact]
    public void View_WhenARoundIsDone_ShowsBarsAndFigures()
    {
        var snapshot = new RunSnapshot(new ManualTime());
        foreach (var runEvent in Events) snapshot.Update(runEvent);
        using var console = new TestConsole();
        console.Profile.Width = 120;
        console.Write(RunView.Draw(snapshot));
        foreach (var expected in new[] { "tiny, round 1 of 4", "rounds", "1/4", "sample", "4/8", "train", "5/5", "0.6875", "0.0125", "0.75", "21.5", "last checkpoint: checkpoints/round-000001" })
            Assert.Contains(expected, console.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Snapshot_WhenARoundIsDone_EstimatesTheRest()
    {
        var time = new ManualTime();
        var snapshot = new RunSnapshot(time);
        snapshot.Update(Events[0]);
        Assert.Null(snapshot.Remaining);
        time.Advance(TimeSpan.FromSeconds(10));
        foreach (var runEvent in Events[1..]) snapshot.Update(runEvent);
        Assert.Equal((TimeSpan.FromSeconds(30), 0.5), (snapshot.Remaining, snapshot.PairsPerSecond));
    }

    [Fact]
    public void PlainProgress_WhenEventsComeFast_WritesALineEveryFewSeconds()
    {
        var time = new ManualTime();
        var output = new RecordingOutput();
        var progress = new PlainProgress(output, time);
        foreach (var runEvent in Events) progress.Report(runEvent);
        for (int step = 0; step < 100; step++)
        {
            time.Advance(TimeSpan.FromSeconds(0.1));
            progress.Report(new StageProgress(RunStage.Sample, 1, step, 100));
        }
        progress.Report(new RunMessage(MessageLevel.Warning, "look here"));
        Assert.Equal(2, output.StandardError.Split('\n').Count(l => l.StartsWith("round 2/4: sample", StringComparison.Ordinal)));
        Assert.Contains("look here", output.StandardError, StringComparison.Ordinal);
    }
}
