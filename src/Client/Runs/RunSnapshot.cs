using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Runs;

/// <summary>Where a run stands, put together from its events.</summary>
sealed class RunSnapshot(TimeProvider time)
{
    readonly Dictionary<RunStage, (long Done, long Total)> stages = [];
    long started = time.GetTimestamp();

    public RunStarted? Run { get; private set; }

    public int Round { get; private set; }

    /// <summary>Rounds done in this process.</summary>
    public int RoundsDone { get; private set; }

    public IReadOnlyDictionary<RunStage, (long Done, long Total)> Stages => stages;

    /// <summary>Pairs trained on in this process.</summary>
    public long Pairs { get; private set; }

    public MinibatchFinished? Minibatch { get; private set; }

    public RoundMetrics? LastRound { get; private set; }

    public string? Message { get; private set; }

    public string? Checkpoint { get; private set; }

    /// <summary>Since the first round began.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(started);

    public double PairsPerSecond => Elapsed > TimeSpan.Zero ? Pairs / Elapsed.TotalSeconds : 0;

    /// <summary>Time left at the pace so far; null before a round is done.</summary>
    public TimeSpan? Remaining =>
        Run is null || RoundsDone == 0 ? null : Elapsed / RoundsDone * (Run.Rounds - Run.FirstRound - RoundsDone);

    public void Update(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case RunStarted run:
                (Run, Round, started) = (run, run.FirstRound, time.GetTimestamp());
                break;
            case RoundStarted round:
                (Round, Message) = (round.Round, null);
                stages.Clear();
                break;
            case StageProgress stage:
                stages[stage.Stage] = (stage.Done, stage.Total);
                break;
            case MinibatchFinished minibatch:
                Minibatch = minibatch;
                Pairs += minibatch.Samples;
                break;
            case RoundFinished finished:
                LastRound = finished.Metrics;
                RoundsDone++;
                break;
            case CheckpointWritten written:
                Checkpoint = written.Folder;
                break;
            case RunMessage message:
                Message = message.Text;
                break;
        }
    }
}
