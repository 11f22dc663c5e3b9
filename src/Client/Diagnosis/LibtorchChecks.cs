using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Client.Diagnosis;

/// <summary>Looks at libtorch and its devices.</summary>
static class LibtorchChecks
{
    public static IEnumerable<Finding> Run()
    {
        var report = NativeLibtorch.Report;
        if (report.Failure is { } failure)
        {
            yield return new Finding("libtorch", FindingStatus.Error, failure,
                $"Build again with the package, or name the lib folder of a PyTorch installation in {NativeLibtorch.FolderVariable}.");
            yield break;
        }
        yield return new Finding("libtorch", FindingStatus.Ok, $"{(report.CudaBuild ? "CUDA" : "CPU")} build from {report.Source}{(report.Folder is null ? "" : $", {report.Folder}")}");
        yield return new Finding("TorchSharp wrapper", FindingStatus.Ok, report.WrapperPatched
            ? "a copy adapted to this system's older libstdc++"
            : "as shipped");
        yield return Cuda(report);
    }

    static Finding Cuda(NativeLoadReport report)
    {
        if (cuda.is_available()) return new Finding("CUDA", FindingStatus.Ok, $"{cuda.device_count()} device(s): cuda:0 to cuda:{cuda.device_count() - 1}");
        var driver = File.Exists("/proc/driver/nvidia/version");
        if (report.CudaBuild)
            return new Finding("CUDA", FindingStatus.Warning, "libtorch has CUDA, but finds no device",
                driver ? "The driver may be too old for this libtorch; compare `nvidia-smi` with libtorch's CUDA version." : "Install NVIDIA's driver, or use device: cpu.");
        return driver
            ? new Finding("CUDA", FindingStatus.Warning, "there is an NVIDIA driver, but libtorch was built without CUDA",
                $"Build with /p:SpoCuda=true, or name a CUDA PyTorch's lib folder in {NativeLibtorch.FolderVariable}.")
            : new Finding("CUDA", FindingStatus.Ok, "no device; the CPU is used");
    }
}
