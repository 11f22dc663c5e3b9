using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Loads libtorch and TorchSharp's wrapper by absolute path before TorchSharp is first touched, so that a plain
/// <c>dotnet run</c> works where TorchSharp's own loading does not (Debian 12, Ubuntu 22.04), and so that libtorch can
/// come from a Python installation.
/// </summary>
public static class NativeLibtorch
{
    /// <summary>
    /// Environment variable naming the <c>lib</c> folder of a Python PyTorch installation (<c>…/site-packages/torch/lib</c>,
    /// CUDA included) to load libtorch from, instead of the NuGet package.
    /// </summary>
    public const string FolderVariable = "SPO_LIBTORCH";

    const string Wrapper = "libLibTorchSharp.so";

    const string C10 = "libc10.so", Cpu = "libtorch_cpu.so";

    // Loaded after those two and before the wrapper, which else would see nothing but the CPU's dispatcher.
    static readonly string[] Cuda = ["libc10_cuda.so", "libtorch_cuda.so"];

    static readonly Lock Gate = new();
    static NativeLoadReport? report;

    /// <summary>
    /// A switch of <see cref="AppContext"/> for a program that touches tensors from one thread first, or after <see cref="EnsureLoaded"/>: of
    /// two threads that need TorchSharp's assembly for the first time, one would go on before the libraries are there.
    /// </summary>
    public const string OnDemand = "SpoActors.LibtorchOnDemand";

    /// <summary>What was loaded and from where, or why loading failed; loads on first use.</summary>
    public static NativeLoadReport Report
    {
        get
        {
            lock (Gate) return report ??= Load();
        }
    }

    /// <summary>Loads the libraries if they are not loaded yet.</summary>
    /// <exception cref="NativeLibtorchException">They cannot be loaded; the message says what to do.</exception>
    public static void EnsureLoaded()
    {
        if (Report.Failure is { } failure) throw new NativeLibtorchException(failure);
    }

#pragma warning disable CA2255 // A library should not use module initialisers: loading must precede TorchSharp's own static constructor.
    /// <summary>
    /// Loads at once, before anything of TorchSharp can run. With <see cref="OnDemand"/> it waits until TorchSharp's assembly is loaded, so that
    /// what never touches a tensor, such as <c>spo --help</c>, does without.
    /// </summary>
    [ModuleInitializer]
    internal static void LoadBeforeTorchSharp()
    {
        if (!AppContext.TryGetSwitch(OnDemand, out var isOnDemand) || !isOnDemand)
        {
            _ = Report;
            return;
        }
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => LoadFor(loaded.LoadedAssembly);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies()) LoadFor(assembly);

        static void LoadFor(Assembly assembly)
        {
            if (assembly.GetName().Name == nameof(TorchSharp)) _ = Report;
        }
    }
#pragma warning restore CA2255

    static NativeLoadReport Load()
    {
        if (!OperatingSystem.IsLinux()) return new NativeLoadReport { Source = "TorchSharp's own loader" };
        NativeHeap.KeepFreedMemory();
        ThreadWaiting.Sleep();

        var named = Environment.GetEnvironmentVariable(FolderVariable);
        var wrapperFolder = SearchFolders().FirstOrDefault(f => File.Exists(Path.Combine(f, Wrapper)));
        var torchFolder = string.IsNullOrEmpty(named) ? SearchFolders().FirstOrDefault(f => File.Exists(Path.Combine(f, Cpu))) : named;
        var source = string.IsNullOrEmpty(named) ? "NuGet package" : $"{FolderVariable}";

        if (!string.IsNullOrEmpty(named) && !File.Exists(Path.Combine(named, Cpu)))
            return Failed(source, $"{FolderVariable} is '{named}', but there is no {Cpu} in it. Expected the lib folder of a PyTorch " +
                "installation: python -c \"import torch,os;print(os.path.join(os.path.dirname(torch.__file__),'lib'))\" prints it.");
        if (torchFolder is null)
            return Failed(source, $"{Cpu} was found in none of the application's native folders ({string.Join(", ", SearchFolders())}). " +
                $"Build with the package libtorch-cpu-linux-x64, or name a PyTorch lib folder in {FolderVariable}.");
        if (wrapperFolder is null)
            return Failed(source, $"{Wrapper} of the TorchSharp package was found in none of the application's native folders " +
                $"({string.Join(", ", SearchFolders())}). Restore and build again.");

        if (Kernels.Problem is { } problem) return Failed(source, problem);
        var loaded = new List<string>();
        try
        {
            var c10 = LoadFrom(torchFolder, C10, loaded);
            var cpu = LoadFrom(torchFolder, Cpu, loaded);
            LibtorchLog.OnlyErrors(c10);
            var hasCuda = File.Exists(Path.Combine(torchFolder, Cuda[1]));
            if (hasCuda) foreach (var file in Cuda) LoadFrom(torchFolder, file, loaded);
            LoadFrom(torchFolder, "libtorch.so", loaded);
            var (wrapper, patched) = LoadWrapper(wrapperFolder, loaded);
            return new NativeLoadReport
            {
                Source = source,
                Folder = torchFolder,
                Files = loaded,
                CudaBuild = hasCuda,
                WrapperPatched = patched,
                ScalarsKeptAlive = ScalarLifetime.Extend(wrapper),
                OneDnnMultiplies = Kernels.AreFast && MatrixProducts.Choose(cpu),
            };
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return Failed(source, $"loading from '{torchFolder}' failed: {e.Message}");
        }

        NativeLoadReport Failed(string from, string why) => new() { Source = from, Folder = torchFolder, Failure = why };
    }

    static nint LoadFrom(string folder, string file, List<string> loaded)
    {
        // Links are followed so that /proc/self/maps, and an error, name the real file.
        var path = Path.Combine(folder, file);
        path = File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;
        var handle = NativeLibrary.Load(path);
        loaded.Add(path);
        return handle;
    }

    [SupportedOSPlatform("linux")]
    static (nint Handle, bool Patched) LoadWrapper(string folder, List<string> loaded)
    {
        try
        {
            return (LoadFrom(folder, Wrapper, loaded), false);
        }
        catch (DllNotFoundException e) when (e.Message.Contains("GLIBCXX_", StringComparison.Ordinal))
        {
            return (LoadFrom(PatchedCopy(Path.Combine(folder, Wrapper)), Wrapper, loaded), true);
        }
    }

    /// <summary>Folder of a copy of the wrapper that this system's libstdc++ can load.</summary>
    [SupportedOSPlatform("linux")]
    static string PatchedCopy(string original)
    {
#pragma warning disable RS0030 // A library that comes with this program.
        var bytes = File.ReadAllBytes(original);
#pragma warning restore RS0030
        GlibcxxDowngrade.Apply(bytes);
        return NativeCache.Keep(NativeCache.Places, Wrapper, bytes);
    }

    static IEnumerable<string> SearchFolders()
    {
        // The host lists the package folders here, wherever NUGET_PACKAGES put them; a published app has everything beside it.
        var host = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
        var beside = AppContext.BaseDirectory;
        var rid = Path.Combine(beside, "runtimes", "linux-x64", "native");
        return host.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Append(beside).Append(rid).Distinct();
    }
}
