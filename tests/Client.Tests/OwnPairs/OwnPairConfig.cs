using SpoActors.Trainer.Tests.Method;

namespace SpoActors.Client.Tests.OwnPairs;

/// <summary>A configuration that trains the tiny model on a folder of pairs; it names no prompts and no judge.</summary>
static class OwnPairConfig
{
    /// <summary>Writes pairs and configuration.</summary>
    /// <returns>The configuration's path.</returns>
    public static string Write(TemporaryFolder folder, int pairs = 4, string more = "")
    {
        OwnPairFolder.Write(folder["pairs"], pairs);
        return folder.Write("own.yaml", $$"""
            name: own
            model: { path: '{{Repository.PathOf("tests/data/tiny/pipeline")}}', threads: 1 }
            data: { path: pairs, resolution: 64, buckets: true }
            objective: { kind: diffusion_dpo }
            sampling: { batch_size: 2 }
            optimizer: { learning_rate: 1e-3, ema: { decay: 0.9 } }
            training: { epochs: 1, prompts_per_round: 2, batch_size: 1 }
            checkpoints: { every: 1 }
            evaluation: { count: 1, seeds: [0], steps: 1 }
            {{more}}
            """);
    }
}
