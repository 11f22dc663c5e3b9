namespace SpoActors.Trainer.Native;

/// <summary>Outcome of loading libtorch, as <c>spo doctor</c> shows it.</summary>
public sealed record NativeLoadReport
{
    /// <summary>Where libtorch was taken from: the NuGet package, or the folder named in <c>SPO_LIBTORCH</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Folder of libtorch_cpu.so.</summary>
    public string? Folder { get; init; }

    /// <summary>The files loaded, in order, links followed.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Whether that libtorch was built with CUDA.</summary>
    public bool CudaBuild { get; init; }

    /// <summary>Whether the wrapper had to be adapted to an older libstdc++ (see <see cref="GlibcxxDowngrade"/>).</summary>
    public bool WrapperPatched { get; init; }

    /// <summary>Whether scalars are kept alive through native calls (see <see cref="ScalarLifetime"/>).</summary>
    public bool ScalarsKeptAlive { get; init; }

    /// <summary>Whether oneDNN computes float32 matrix products instead of MKL (see <see cref="MatrixProducts"/>).</summary>
    public bool OneDnnMultiplies { get; init; }

    /// <summary>Why loading failed and what to do; null if it succeeded.</summary>
    public string? Failure { get; init; }
}
