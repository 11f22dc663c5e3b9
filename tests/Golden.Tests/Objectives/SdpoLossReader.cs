using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Objectives;

/// <summary>Diffusion-SDPO's safeguard on each of its losses, with the scale of every step and the gradient without it.</summary>
public sealed class SdpoLossReader : IGoldenReader
{
    public string Area => "objectives";

    public bool Understands(GoldenCase golden) => golden.Source.StartsWith("AIDC-AI/Diffusion-SDPO", StringComparison.Ordinal) && golden.Has("latents_win");

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        var replay = new ObjectiveReplay(golden, check, ScalarType.Float64);
        var pairs = new NoisedPairCase(golden, check, replay);
        var isSafeguarded = golden.Config.GetProperty("winner_preserving").GetBoolean();
        var objective = Objective(isSafeguarded ? replay.Required("mu") : null);
        var reference = replay.Load("reference");
        pairs.Images(pairs.Inputs(reference));

        Objective(mu: null).Compute(pairs.Inputs(reference)).Loss.backward();
        replay.Gradients("grad_unscaled");
        replay.ZeroGradients();

        pairs.Errors(replay.Train(step =>
        {
            var result = objective.Compute(pairs.Inputs(reference));
            var scale = result.Details["lose_scale"].narrow(0, 0, 1);
            if (golden.Has($"lose_scale.step{step}")) check.Close($"lose_scale.step{step}", scale);
            if (step == 0 && golden.Has("lose_scale")) check.Close("lose_scale", scale);
            return [result];
        })[0]);
        check.NoOutputLeftOut();

        SdpoObjective Objective(double? mu) => new(Variant(golden.Config.GetProperty("train_method").GetString()!), replay.Sigmoid(), mu, replay.Number("dmpo_alpha") ?? 0.01);
    }

    static SdpoVariant Variant(string method) => method switch
    {
        "diffusion-dpo" => SdpoVariant.DiffusionDpo,
        "dmpo" => SdpoVariant.Dmpo,
        "dspo" => SdpoVariant.Dspo,
        "dspo-sdxl" => SdpoVariant.DspoSdxl,
        _ => throw new InvalidDataException($"the reader doesn't know the train_method '{method}'"),
    };
}
