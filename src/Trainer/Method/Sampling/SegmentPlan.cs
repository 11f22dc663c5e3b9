using SpoActors.Specification;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// A stretch of denoising steps that begins with k candidates and ends when they are scored. Single-step SPO: one step.
/// MSPO: the branching step and the inner steps that follow it (each candidate goes its own way).
/// </summary>
/// <param name="Start">Step (0-based) at which the candidates are drawn.</param>
/// <param name="End">Last step of the stretch. Scored by x̂0 predicted at step End + 1, or by x_0 itself if End is the last step.</param>
public readonly record struct Segment(int Start, int End);

/// <summary>Which steps of a trajectory draw candidates and where they are scored; the same code for SPO and MSPO.</summary>
public sealed class SegmentPlan
{
    SegmentPlan(IReadOnlyList<Segment> segments, int steps) => (Segments, Steps) = (segments, steps);

    /// <summary>In order; each begins right after the one before.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>Denoising steps T of the trajectory.</summary>
    public int Steps { get; }

    /// <summary>The plan of a configuration.</summary>
    /// <exception cref="ArgumentException">No step would draw candidates.</exception>
    public static SegmentPlan Create(SamplingSpecification sampling)
    {
        var end = Math.Min(sampling.DivertEndStep ?? sampling.Steps, sampling.Steps);
        var last = sampling.Steps - 1;
        var extends = sampling.LastStep switch
        {
            LastStepRule.Extend => true,
            LastStepRule.Branch => false,
            _ => sampling.InnerSteps > 0,
        };
        var segments = new List<Segment>();
        for (int start = sampling.DivertStartStep; start < end; start = segments[^1].End + 1)
        {
            if (start == last && extends) break;
            segments.Add(new Segment(start, Math.Min(start + sampling.InnerSteps, last)));
        }
        if (segments.Count == 0)
            throw new ArgumentException(
                $"no step draws candidates: divert_start_step {sampling.DivertStartStep}, divert_end_step {end}, steps {sampling.Steps}");
        if (extends && end == sampling.Steps && segments[^1].End == last - 1) segments[^1] = segments[^1] with { End = last };
        return new SegmentPlan(segments, sampling.Steps);
    }
}
