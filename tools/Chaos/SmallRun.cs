using SpoActors.Specification;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Tools.Chaos;

/// <summary>The tiny run with smaller rounds, and what it must end with.</summary>
public static class SmallRun
{
    /// <summary>For config/tiny.yaml: four items a round, each about a second.</summary>
    public static IReadOnlyList<string> Overrides { get; } =
    [
        "sampling.steps=4", "sampling.divert_start_step=1", "sampling.batch_size=2", "training.prompts_per_round=8", "evaluation.count=0",
        "pipeline.lease_seconds=6", "checkpoints.every=2", "pairs.threshold=0.05",
    ];

    /// <summary>The same run by the sequential loop, in this process.</summary>
    public static RunManifest Sequential(RunSpecification run)
    {
        var folder = Directory.CreateTempSubdirectory("spo-sequential").FullName;
        try
        {
            using var local = new LocalRun(run, folder, RunProgress.None, TimeProvider.System);
            return local.Execute();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
