using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Keeps TorchSharp's scalars alive while libtorch reads them.
/// </summary>
/// <remarks>
/// TorchSharp 0.107 hands the native pointer of a <c>Scalar</c> to a native call without keeping the managed object alive. Every
/// <c>x + y</c> and <c>x * 2</c> makes such a temporary, so a garbage collection that another thread triggers in that moment finalizes it,
/// and the call reads freed memory: an exception at best, a wrong number at worst. Nothing in managed code can hold on to those
/// temporaries, since they are made inside TorchSharp. So the wrapper's <c>THSTorch_dispose_scalar</c> is redirected here, and the memory
/// is freed some seconds later, when no call can be reading it any more (a call reads its scalars at its beginning).
/// </remarks>
static unsafe class ScalarLifetime
{
    const string Export = "THSTorch_dispose_scalar";

    /// <summary>mov rax, imm64; jmp rax.</summary>
    const int JumpLength = 12;

    const int ReadWriteExecute = 7, ReadExecute = 5;

    static readonly TimeSpan Delay = TimeSpan.FromSeconds(5);
    static readonly ConcurrentQueue<(nint Scalar, long Since)> Waiting = new();

    /// <summary>Redirects the wrapper's function.</summary>
    /// <param name="wrapper">Handle of the loaded wrapper.</param>
    /// <returns>Whether it was done; it is not on other processors than x64, or where memory cannot be made writable.</returns>
    public static bool Extend(nint wrapper)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64 || !NativeLibrary.TryGetExport(wrapper, Export, out var function)) return false;
        var page = Environment.SystemPageSize;
        var start = function / page * page;
        var length = (nuint)(function + JumpLength - start);
        if (mprotect(start, length, ReadWriteExecute) != 0) return false;
        // The function is 51 bytes long; its first instructions are replaced by a jump.
        var code = new Span<byte>((void*)function, JumpLength);
        code[0] = 0x48;
        code[1] = 0xb8;
        BitConverter.TryWriteBytes(code[2..], (nint)(delegate* unmanaged[Cdecl]<nint, void>)&Dispose);
        code[10] = 0xff;
        code[11] = 0xe0;
        _ = mprotect(start, length, ReadExecute);
        return true;
    }

    /// <summary>In place of the wrapper's function: the finalizer thread's, and that of whoever disposes a scalar.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    static void Dispose(nint scalar)
    {
        var now = Environment.TickCount64;
        if (scalar != 0) Waiting.Enqueue((scalar, now));
        while (Waiting.TryPeek(out var oldest) && now - oldest.Since > Delay.TotalMilliseconds && Waiting.TryDequeue(out var due))
        {
            // Symbolic scalars (tags 5 to 7) own more than their memory; nothing here makes any.
            if (*(int*)due.Scalar is not (>= 5 and <= 7)) NativeMemory.Free((void*)due.Scalar);
        }
    }

    [DllImport("libc", SetLastError = true)]
    static extern int mprotect(nint address, nuint length, int protection);
}
