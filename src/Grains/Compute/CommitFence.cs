using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Trainer.Runs;

namespace SpoActors.Grains.Compute;

/// <summary>
/// The last of the fences, in the run's folder itself: the run has allowed a commit, and a trainer that was let in since may have made one
/// before this one got to it.
/// </summary>
public static class CommitFence
{
    /// <exception cref="PipelineException">The folder's last commit is of a newer trainer, or of another one of the same number.</exception>
    public static void Ensure(RunManifest? last, TrainerEpoch epoch)
    {
        if (last is null || last.TrainerEpoch < epoch.Number || (last.TrainerEpoch == epoch.Number && (last.TrainerNonce ?? Nonce(epoch)) == Nonce(epoch))) return;
        throw new PipelineException($"the run's folder holds a commit of trainer epoch {last.TrainerEpoch} ({last.TrainerNonce}); this trainer has epoch {epoch} and commits nothing");
    }

    /// <summary>What the manifest says of an epoch.</summary>
    public static TrainerMark Mark(TrainerEpoch epoch) => new(checked((int)epoch.Number), Nonce(epoch));

    static string Nonce(TrainerEpoch epoch) => epoch.Nonce.ToString("n");
}
