namespace SpoActors.Trainer.Training;

/// <summary>What the loop tells whoever watches it. Called on the loop's thread: return quickly.</summary>
public interface ILoopObserver
{
    /// <summary>A round begins; it will yield this many pools.</summary>
    void RoundStarted(int round, int prompts, int pools);

    /// <summary>An item has done this many denoising steps.</summary>
    void StepSampled(int round, int item, int stepsDone);

    /// <summary>A pool was scored, and this many pairs kept.</summary>
    void PoolScored(int round, int item, int segment, int pairs);

    /// <summary>Training on the round's pairs begins.</summary>
    void TrainingStarted(int round, int pairs);

    /// <summary>A minibatch was trained on.</summary>
    void MinibatchTrained(MinibatchResult minibatch);

    /// <summary>A round is complete.</summary>
    void RoundFinished(RoundMetrics metrics);
}
