using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>Diffusion-DPO on noised pairs.</summary>
public sealed class DiffusionDpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("SalesforceAIResearch/DiffusionDPO", StringComparison.Ordinal) && golden.Has("latents_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check, ScalarType.Float64);
        var pairs = new NoisedPairCase(golden, check, replay);
        var objective = new DiffusionDpoObjective(replay.Sigmoid());
        var reference = replay.Load("reference");
        pairs.Images(pairs.Inputs(reference));
        pairs.Errors(replay.Train(_ => [objective.Compute(pairs.Inputs(reference))])[0]);
        check.NoOutputLeftOut();
    }
}
