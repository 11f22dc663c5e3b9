using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// The type that matrix products and convolutions are computed in. On a processor without matrix instructions for the weights' type,
/// libtorch computes them element by element (measured with AVX2: bfloat16 linear layers 10 times, convolutions 120 times slower than
/// in float32), so operands are widened for each use, and the weights stay small in memory.
/// </summary>
internal static class ComputeType
{
    // Leaf 7, subleaf 1, EAX bit 5 is AVX512_BF16; subleaf 0, EDX bit 22 is AMX-BF16 (Intel's manual, volume 2A, CPUID).
    const int Leaf = 7, Avx512Bf16 = 1 << 5, AmxBf16 = 1 << 22;

    static readonly bool HasBFloat16 = X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= Leaf
        && ((X86Base.CpuId(Leaf, 1).Eax & Avx512Bf16) != 0 || (X86Base.CpuId(Leaf, 0).Edx & AmxBf16) != 0);

    public static ScalarType Of(Tensor weights) => Of(weights.dtype, weights.device_type, HasBFloat16);

    internal static ScalarType Of(ScalarType dtype, DeviceType device, bool hasBFloat16) => device == DeviceType.CPU
        && (dtype == ScalarType.Float16 || dtype == ScalarType.BFloat16 && !hasBFloat16) ? ScalarType.Float32 : dtype;
}
