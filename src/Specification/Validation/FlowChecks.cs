namespace SpoActors.Specification.Validation;

/// <summary>Checks that the objective can train on what the flow yields.</summary>
static class FlowChecks
{
    /// <summary>The run's flow, or null where its objective is unknown.</summary>
    public static FlowKind? Check(RunSpecification run, Findings found)
    {
        if (ObjectiveKinds.Find(run.Objective.Kind) is not { } kind) return null;
        if (run.Flow is not { } flow) return kind.Flows[0];
        if (!kind.Flows.Contains(flow))
            found.Add("flow", Yaml(flow), $"{string.Join(" or ", kind.Flows.Select(Yaml))} with objective.kind {kind.Name}", "null takes the objective's own.");
        return flow;
    }

    static string Yaml(FlowKind flow) => flow switch
    {
        FlowKind.StepPools => "step_pools",
        FlowKind.Trajectories => "trajectories",
        _ => "own_pairs",
    };
}
