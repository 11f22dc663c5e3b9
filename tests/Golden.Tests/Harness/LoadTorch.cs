using System.Runtime.CompilerServices;
using SpoActors.Trainer.Native;

namespace SpoActors.Golden.Tests.Harness;

static class LoadTorch
{
    /// <summary>The tests open a dispose scope before they touch a type of the trainer, whose initialiser would load libtorch.</summary>
    [ModuleInitializer]
    internal static void BeforeAnyTest() => NativeLibtorch.EnsureLoaded();
}
