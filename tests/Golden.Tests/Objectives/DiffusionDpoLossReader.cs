using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>Diffusion-DPO on noised pairs.</summary>
public sealed class DiffusionDpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("SalesforceAIResearch/DiffusionDPO", StringComparison.Ordinal) && golden.Has("latents_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check);
        var pairs = new NoisedPairCase(golden, check, replay);
        var objective = new DiffusionDpoObjective(replay.Sigmoid());
        var reference = TinyDenoiser.Load(golden, "reference");
        pairs.Images(pairs.Inputs(reference));
        pairs.Errors(replay.Train(_ => [objective.Compute(pairs.Inputs(reference))])[0]);
        check.NoOutputLeftOut();
    }
}
