namespace SpoActors.Trainer.Randomness;

/// <summary>What a stream of random numbers is for; part of its identity.</summary>
enum DrawPurpose : uint
{
    InitialLatents = 0,
    StepNoise = 1,
    CandidateNoise = 2,
    Pick = 3,
    TwoCandidates = 4,
    Shuffle = 5,
    PromptOrder = 6,
    LoraInitialization = 7,
    Evaluation = 8,
    PairOrder = 9,
    PairTimestep = 10,
    PairNoise = 11,
    PairEncoderNoise = 12,
    PairValidation = 13,
    TimeEmbedder = 14,
    Training = 15,
}

/// <summary>
/// The random numbers of one identity. The identity fills three of the counter's four words without hashing, so two
/// identities never share a stream; the fourth counts blocks.
/// </summary>
struct PhiloxStream(ulong seed, DrawPurpose purpose, uint round, uint index, int step = 0, int candidate = 0)
{
    /// <summary>Steps and candidates that fit the counter word beside the purpose.</summary>
    public const int MaxStep = (1 << 12) - 1, MaxCandidate = (1 << 16) - 1;

    readonly uint word3 = (uint)purpose << 28 | (uint)step << 16 | (uint)candidate;
    uint block;
    (uint A, uint B, uint C, uint D) buffer;
    int used = 4;

    public uint NextUInt32()
    {
        if (used == 4)
        {
            buffer = Philox.Block(block++, round, index, word3, seed);
            used = 0;
        }
        return used++ switch { 0 => buffer.A, 1 => buffer.B, 2 => buffer.C, _ => buffer.D };
    }

    /// <summary>Uniform in 0..bound-1, without bias (rejection).</summary>
    public int NextInt32(int bound)
    {
        var limit = uint.MaxValue - uint.MaxValue % (uint)bound;
        uint value;
        do value = NextUInt32(); while (value >= limit);
        return (int)(value % (uint)bound);
    }

    /// <summary>Standard normal numbers by Box and Muller, in double, rounded to float.</summary>
    public void FillNormal(Span<float> target)
    {
        for (int i = 0; i < target.Length; i += 2)
        {
            // (0, 1]: the logarithm stays finite.
            var radius = Math.Sqrt(-2 * Math.Log((NextUInt32() + 1.0) * (1.0 / 4294967296.0)));
            var (sin, cos) = Math.SinCos(NextUInt32() * (2 * Math.PI / 4294967296.0));
            target[i] = (float)(radius * cos);
            if (i + 1 < target.Length) target[i + 1] = (float)(radius * sin);
        }
    }

    /// <summary>A uniformly random permutation of 0..count-1 (Fisher and Yates).</summary>
    public long[] Permutation(int count)
    {
        var order = new long[count];
        for (int i = 0; i < count; i++) order[i] = i;
        for (int i = count - 1; i > 0; i--)
        {
            var j = NextInt32(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }
        return order;
    }
}
