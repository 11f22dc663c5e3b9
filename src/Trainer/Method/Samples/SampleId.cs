namespace SpoActors.Trainer.Method.Samples;

/// <summary>Identity of a training sample within a run; samples are ordered by it before the shuffle, so arrival order never matters.</summary>
/// <param name="Round">Round.</param>
/// <param name="Item">Index of the item in the round.</param>
/// <param name="Step">Denoising step; 0 for a pair of images.</param>
/// <param name="PromptIndex">Index of the prompt in the round.</param>
/// <param name="Candidate">Candidate of a sample with one side; 0 for a pair.</param>
public readonly record struct SampleId(int Round, int Item, int Step, int PromptIndex, int Candidate = 0) : IComparable<SampleId>
{
    /// <summary>Round, item, step, prompt: the order in which the reference's sampler emits the pairs of one batch; then candidate.</summary>
    public int CompareTo(SampleId other) =>
        (Round, Item, Step, PromptIndex, Candidate).CompareTo((other.Round, other.Item, other.Step, other.PromptIndex, other.Candidate));

    public override string ToString() => $"{Round}/{Item}/{Step}/{PromptIndex}/{Candidate}";

    public static bool operator <(SampleId left, SampleId right) => left.CompareTo(right) < 0;
    public static bool operator >(SampleId left, SampleId right) => left.CompareTo(right) > 0;
    public static bool operator <=(SampleId left, SampleId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(SampleId left, SampleId right) => left.CompareTo(right) >= 0;
}
