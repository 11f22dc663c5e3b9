namespace SpoActors.Trainer.Native;

/// <summary>
/// Whether the faster kernels of docs/performance.md compute on the CPU. They move last bits, within the golden tolerances, so that the bits of
/// recorded results need the others. Of the whole process: libtorch's choice of a library for products is.
/// </summary>
static class Kernels
{
    /// <summary>Set to <c>fast</c> or <c>reference</c>.</summary>
    public const string Variable = "SPO_KERNELS";

    static readonly string? Value = Environment.GetEnvironmentVariable(Variable);

    public static bool AreFast => Value == "fast";

    /// <summary>What is wrong with the variable; null for nothing.</summary>
    public static string? Problem => Value is null or "" or "fast" or "reference" ? null : $"{Variable} is '{Value}'; expected fast or reference. Correct it, or unset it for reference.";
}
