using System.Runtime.Intrinsics.X86;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>What this processor can do that decides how to compute.</summary>
internal static class CpuFeatures
{
    // Leaf 7, subleaf 1, EAX bit 5 is AVX512_BF16; subleaf 0, EDX bit 22 is AMX-BF16 (Intel's manual, volume 2A, CPUID).
    const int Leaf = 7, Avx512Bf16 = 1 << 5, AmxBf16 = 1 << 22;

    /// <summary>Whether there are matrix instructions for bfloat16. Without them libtorch's bfloat16 matrix products are slower than float32 ones.</summary>
    public static bool BFloat16 { get; } = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= Leaf
        && ((X86Base.CpuId(Leaf, 1).Eax & Avx512Bf16) != 0 || (X86Base.CpuId(Leaf, 0).Edx & AmxBf16) != 0);
}
