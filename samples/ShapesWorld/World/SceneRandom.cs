using SpoActors.Trainer.Randomness;

namespace SpoActors.ShapesWorld.World;

/// <summary>What a stream of the world's random numbers is for; part of its identity.</summary>
public enum WorldDraw : uint { Split, Description, Layout, Quality, Background, Grain, Captions, Order, Labels, Noise, Crops, Weights, Resampling }

/// <summary>The random numbers of one identity (Philox): independent of what was drawn before, and of the order of execution.</summary>
public struct SceneRandom(ulong seed, WorldDraw purpose, uint index, uint part = 0)
{
    uint block;
    (uint A, uint B, uint C, uint D) buffer;
    int used = 4;

    public uint Next()
    {
        if (used == 4)
        {
            buffer = Philox.Block(block++, index, (uint)purpose, part, seed);
            used = 0;
        }
        return used++ switch { 0 => buffer.A, 1 => buffer.B, 2 => buffer.C, _ => buffer.D };
    }

    /// <summary>Uniform in low .. high.</summary>
    public double Uniform(double low, double high) => low + (high - low) * (Next() + 0.5) / 4294967296.0;

    /// <summary>Uniform in 0 .. bound - 1; the bias is below bound / 2^32.</summary>
    public int Below(int bound) => (int)((ulong)Next() * (ulong)bound >> 32);

    public T Of<T>() where T : struct, Enum => Enum.GetValues<T>()[Below(Enum.GetValues<T>().Length)];

    /// <summary>Standard normal (Box and Muller, the cosine half).</summary>
    public double Normal() => Math.Sqrt(-2 * Math.Log(Uniform(0, 1))) * Math.Cos(2 * Math.PI * Uniform(0, 1));

    /// <summary>A seed for another generator.</summary>
    public ulong NextSeed() => (ulong)Next() << 32 | Next();
}
