namespace SpoActors.Specification.Validation;

/// <summary>Checks where samples come from: that the objective can use the flow, and that nothing is set which the flow ignores.</summary>
static class FlowChecks
{
    /// <summary>The flow of a run whose objective may be unknown; that is reported elsewhere.</summary>
    public static FlowKind Of(RunSpecification run) => run.Flow ?? ObjectiveKinds.Find(run.Objective.Kind)?.Flows[0] ?? FlowKind.StepPools;

    public static void Check(RunSpecification run, Findings found)
    {
        var flow = Of(run);
        if (ObjectiveKinds.Find(run.Objective.Kind) is { } kind)
        {
            if (!kind.Flows.Contains(flow))
                found.Add("flow", Name(flow), $"{string.Join(" or ", kind.Flows.Select(Name))} with objective.kind {kind.Name}",
                    $"Leave it null for the objective's own flow. From {Name(flow)} train {Users(flow)}.");
            if (kind.HasRewards) CheckRewards(run.Judge, "judge", kind, found);
        }
        CheckSampling(run.Sampling, flow, found);
        if (flow != FlowKind.StepPools && run.Pairs.ThresholdRule != ThresholdRule.Fixed)
            found.Add("pairs.threshold_rule", Spelling.Key(run.Pairs.ThresholdRule.ToString()), $"fixed with flow {Name(flow)}", "Only candidates of single steps have thresholds by step.");
        if (flow != FlowKind.OwnPairs && run.Data.Path.Length > 0)
            found.Add("data.path", run.Data.Path, $"nothing with flow {Name(flow)}", $"Remove it, or train from own pairs with {Users(FlowKind.OwnPairs)}.");
    }

    static void CheckSampling(SamplingSpecification sampling, FlowKind flow, Findings found)
    {
        if (flow != FlowKind.StepPools && sampling.Next != NextStepChoice.Random)
            found.Add("sampling.next", Spelling.Key(sampling.Next.ToString()), $"random with flow {Name(flow)}", "Only candidates of single steps are gone on from.");
        if (flow != FlowKind.StepPools && sampling.InnerSteps > 0)
            found.Add("sampling.inner_steps", sampling.InnerSteps, $"0 with flow {Name(flow)}", "Only candidates of single steps have inner steps.");
        if (flow != FlowKind.Trajectories && sampling.SameStart)
            found.Add("sampling.same_start", "true", $"false with flow {Name(flow)}", "Only trajectories have starts of their own.");
    }

    /// <summary>Where a score is a reward, it must be the image's own.</summary>
    static void CheckRewards(JudgeSettings judge, string key, ObjectiveKind kind, Findings found)
    {
        if (judge.Kind == JudgeKind.Vote)
            found.Add($"{key}.kind", "vote", $"a judge that scores each image by itself with objective.kind {kind.Name}", "A vote only compares the images of one prompt; take a sum, or one judge.");
        else if (judge.Kind == JudgeKind.Sum)
            for (var i = 0; i < judge.Members.Count; i++) CheckRewards(judge.Members[i], $"{key}.members[{i}]", kind, found);
    }

    static string Users(FlowKind flow) => string.Join(", ", ObjectiveKinds.All.Where(k => k.Flows.Contains(flow)).Select(k => k.Name));

    static string Name(FlowKind flow) => Spelling.Key(flow.ToString());
}
