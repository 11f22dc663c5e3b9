using System.Runtime.CompilerServices;
using SpoActors.Tests;
using SpoActors.Trainer.Native;

namespace SpoActors.Trainer.Tests;

static class LoadTorch
{
    /// <summary>Tests open a dispose scope before they touch a type of the trainer, whose initialiser would see to libtorch.</summary>
    [ModuleInitializer]
    internal static void BeforeAnyTest()
    {
        // Initialisers run in no promised order, and libgomp reads its settings when libtorch is loaded.
        TestThreads.UseOne();
        NativeLibtorch.EnsureLoaded();
    }
}
