using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace SpoActors.Trainer.Native;

/// <summary>Which library computes float32 matrix products on the processor.</summary>
/// <remarks>
/// libtorch asks MKL, which takes a generic path on AMD's processors: 105 GFLOP/s on a core where oneDNN reaches 200 to 240. What PyTorch calls
/// <c>set_float32_matmul_precision("medium")</c> asks oneDNN, and allows it bfloat16 where the processor has AMX; oneDNN 3.7 then uses nothing but float32
/// elsewhere. So it is set on AMD's processors without AMX, and precision stays what it was.
/// <para>The two functions are exported by libtorch 2.10 and 2.11 under these names; where they are not, MKL goes on.</para>
/// </remarks>
static unsafe class MatrixProducts
{
    const string GlobalContext = "_ZN2at13globalContextEv";
    const string SetPrecision = "_ZN2at7Context19setFloat32PrecisionENS_14Float32BackendENS_9Float32OpENS_16Float32PrecisionE";

    // at::Float32Backend::MKLDNN, at::Float32Op::MATMUL, at::Float32Precision::BF16.
    const int OneDnn = 2, MatrixProduct = 3, BFloat16 = 3;

    // Leaf 7, subleaf 0, EDX: AMX-BF16, AMX-TILE and AMX-INT8 (Intel's manual, volume 2A, CPUID).
    const int Leaf = 7, Amx = 1 << 22 | 1 << 24 | 1 << 25;

    // The first letters of "AuthenticAMD", in EBX of leaf 0.
    const int Authentic = 0x68747541;

    /// <summary>Has oneDNN compute them where that is faster and as exact.</summary>
    /// <param name="cpu">Handle of libtorch_cpu.</param>
    /// <returns>Whether it does.</returns>
    public static bool Choose(nint cpu)
    {
        if (!IsFasterWithOneDnn || !NativeLibrary.TryGetExport(cpu, GlobalContext, out var context) || !NativeLibrary.TryGetExport(cpu, SetPrecision, out var set)) return false;
        var global = ((delegate* unmanaged[Cdecl]<nint>)context)();
        ((delegate* unmanaged[Cdecl]<nint, int, int, int, void>)set)(global, OneDnn, MatrixProduct, BFloat16);
        return true;
    }

    static bool IsFasterWithOneDnn => Avx512F.IsSupported && X86Base.CpuId(0, 0).Ebx == Authentic && (X86Base.CpuId(Leaf, 0).Edx & Amx) == 0;
}
