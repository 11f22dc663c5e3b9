using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>Training samples to payloads and back.</summary>
static class SamplePayloads
{
    /// <summary>A copy of a sample's tensors.</summary>
    public static SamplePayload ToPayload(this TrainingSample sample) => new(
        sample.Id.Step, sample.Id.PromptIndex, sample.Id.Candidate, sample.Timestep, sample.IsTie,
        ToPayload(sample.Win, isShared: false), sample.Lose is { } lose ? ToPayload(lose, sample.SharesCurrent) : null);

    /// <summary>The sample again, on the CPU; the caller owns it.</summary>
    public static TrainingSample ToSample(this SamplePayload payload, ItemId item)
    {
        var win = ToBranch(payload.Win, null);
        return new TrainingSample
        {
            Id = new SampleId(item.Round, item.Index, payload.Step, payload.PromptIndex, payload.Candidate),
            Timestep = payload.Timestep,
            IsTie = payload.IsTie,
            Win = win,
            Lose = payload.Lose is { } lose ? ToBranch(lose, win.Current) : null,
        };
    }

    static BranchPayload ToPayload(SampleBranch branch, bool isShared) => new(
        branch.Candidate, isShared ? null : branch.Current.ToPayload(), branch.Next?.ToPayload(), branch.Score, branch.LogProb, branch.Size?.ToNumbers());

    static SampleBranch ToBranch(BranchPayload payload, Tensor? shared) => new(payload.Candidate, payload.Current?.ToTensor(CPU) ?? shared!)
    {
        Next = payload.Next?.ToTensor(CPU),
        Score = payload.Score,
        LogProb = payload.LogProb,
        Size = payload.Size is { } size ? SizeConditioning.FromNumbers(size) : null,
    };
}
