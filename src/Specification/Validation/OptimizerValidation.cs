namespace SpoActors.Specification.Validation;

/// <summary>Checks the section <c>optimizer</c> of a run.</summary>
static class OptimizerValidation
{
    /// <summary>diffusers' polynomial schedule ends here; it must begin above.</summary>
    const double PolynomialEnd = 1e-7;

    public static void Check(RunSpecification run, Findings found)
    {
        var optimizer = run.Optimizer;
        found.Real("optimizer.learning_rate", optimizer.LearningRate, double.Epsilon, 10, "above 0", "The paper uses 6e-5 for SD 1.5 and 1e-5 for SDXL.");
        found.Adam(optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon);
        found.Real("optimizer.weight_decay", optimizer.WeightDecay, 0, 10, "from 0", "The paper uses 1e-4.");
        if (optimizer.MaxGradNorm is { } norm) found.Real("optimizer.max_grad_norm", norm, double.Epsilon, 1e9, "above 0, or null", "null never clips, as the reference in fact does.");
        if (optimizer.LossScaling == LossScaling.None && run.Model.Dtype == NumberType.Float16)
            found.Add("optimizer.loss_scaling", "none with model.dtype float16", "auto or dynamic", "Small gradients vanish in float16; bfloat16 needs no scaling.");
        CheckSchedule(optimizer, found);
        CheckEma(optimizer.Ema, found);
    }

    static void CheckSchedule(OptimizerSpecification optimizer, Findings found)
    {
        var schedule = optimizer.Schedule;
        var kind = Spelling.Key(schedule.Kind.ToString());
        var falls = schedule.Kind is not (ScheduleKind.Constant or ScheduleKind.ConstantWithWarmup);
        found.Range("optimizer.schedule.warmup_steps", schedule.WarmupSteps, 0, int.MaxValue, "0 begins at the full rate.");
        if (schedule.Kind == ScheduleKind.Constant && schedule.WarmupSteps > 0)
            found.Add("optimizer.schedule.warmup_steps", schedule.WarmupSteps, "0 with kind constant", "Set optimizer.schedule.kind to constant_with_warmup.");
        if (falls && schedule.Steps is null)
            found.Add("optimizer.schedule.steps", "null", $"a number of optimizer steps with kind {kind}", "A run's steps cannot be told in advance: they depend on how many pairs are kept.");
        if (schedule.Steps is { } steps && (steps < 1 || (falls && steps <= schedule.WarmupSteps)))
            found.Add("optimizer.schedule.steps", steps, falls ? $"more than warmup_steps ({schedule.WarmupSteps})" : "1 or more, or null", "They include the warm-up.");
        found.Range("optimizer.schedule.cycles", schedule.Cycles, 1, int.MaxValue, "1 falls once.");
        if (schedule.Kind != ScheduleKind.CosineWithRestarts && schedule.Cycles > 1)
            found.Add("optimizer.schedule.cycles", schedule.Cycles, $"1 with kind {kind}", "Only cosine_with_restarts has cycles.");
        found.Real("optimizer.schedule.power", schedule.Power, double.Epsilon, 100, "above 0", "1 is a straight line.");
        if (schedule.Kind != ScheduleKind.Polynomial && schedule.Power is > 0 and not 1)
            found.Add("optimizer.schedule.power", schedule.Power, $"1 with kind {kind}", "Only polynomial has a power.");
        if (schedule.Kind == ScheduleKind.Polynomial && optimizer.LearningRate is > 0 and <= PolynomialEnd)
            found.Add("optimizer.learning_rate", optimizer.LearningRate, "above 1e-7 with schedule polynomial", "The rate falls to 1e-7.");
    }

    static void CheckEma(EmaSpecification ema, Findings found)
    {
        if (ema.Decay is { } decay) found.Real("optimizer.ema.decay", decay, double.Epsilon, 1 - 1e-12, "between 0 and 1, or null", "null keeps no average.");
        found.Real("optimizer.ema.min_decay", ema.MinDecay, 0, ema.Decay ?? 1, ema.Decay is { } most ? $"from 0 to decay ({most})" : "from 0 to 1", "0 sets no lower limit.");
        found.Range("optimizer.ema.update_after_step", ema.UpdateAfterStep, 0, int.MaxValue, "0 averages from the start.");
        found.Real("optimizer.ema.inv_gamma", ema.InvGamma, double.Epsilon, 1e9, "above 0", "diffusers uses 1.");
        found.Real("optimizer.ema.power", ema.Power, double.Epsilon, 100, "above 0", "diffusers uses 2/3.");
    }
}
