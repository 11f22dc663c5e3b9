using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>A judge with its factor in a sum.</summary>
public sealed record WeightedJudge(IJudge Judge, double Weight);

/// <summary>Several judges as one: score = sum of weight_m * scale_m * score_m, a logit, so the scale is 1.</summary>
/// <param name="members">Owned; they look at the same input.</param>
public sealed class SumJudge(IReadOnlyList<WeightedJudge> members) : IJudge
{
    public string Name => $"sum of {string.Join(", ", members.Select(m => m.Judge.Name))}";

    public JudgeInput Input => members[0].Judge.Input;

    public bool KnowsTimestep => members.Any(m => m.Judge.KnowsTimestep);

    public bool ComparesWithinCall => members.Any(m => m.Judge.ComparesWithinCall);

    public Device Device => members[0].Judge.Device;

    public double Scale => 1;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => MemberPrompts.Prepare([.. members.Select(m => m.Judge)], prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var parts = (MemberPrompts)prompts;
        var sum_B = zeros(inputs_BCHW.shape[0], ScalarType.Float32, Device);
        for (var m = 0; m < members.Count; m++)
            sum_B += (members[m].Weight * members[m].Judge.Scale) * members[m].Judge.Score(inputs_BCHW, parts[m], timesteps_B).to(Device);
        return sum_B.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var member in members) member.Judge.Dispose();
    }
}
