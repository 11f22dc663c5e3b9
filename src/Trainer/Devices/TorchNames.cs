using System.Globalization;
using SpoActors.Specification;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Devices;

/// <summary>What the words of a specification mean to libtorch.</summary>
public static class TorchNames
{
    public static ScalarType ToScalarType(this NumberType type) => type switch
    {
        NumberType.Float32 => ScalarType.Float32,
        NumberType.BFloat16 => ScalarType.BFloat16,
        NumberType.Float16 => ScalarType.Float16,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown number type"),
    };

    /// <summary>The name that auto stands for on this machine; any other is left as it is.</summary>
    public static string Resolve(string name) => name == "auto" ? cuda.is_available() ? "cuda" : "cpu" : name;

    /// <summary>The device of a name such as auto, cpu, cuda or cuda:1.</summary>
    /// <exception cref="DeviceException">The name is none, or this machine lacks the device.</exception>
    public static Device ParseDevice(string name)
    {
        name = Resolve(name);
        if (name == "cpu") return CPU;
        var index = name == "cuda" ? 0 : -1;
        if (name.StartsWith("cuda:", StringComparison.Ordinal) && !int.TryParse(name[5..], NumberStyles.None, CultureInfo.InvariantCulture, out index)) index = -1;
        if (index < 0) throw new DeviceException($"the device is '{name}'; expected auto, cpu, cuda or cuda:N");
        var count = cuda.is_available() ? cuda.device_count() : 0;
        return index < count ? new Device(DeviceType.CUDA, index) : throw new DeviceException(
            $"the device is '{name}', but " + (count == 0
                ? "there is no CUDA device, or libtorch was built without CUDA; set device: cpu, or see `spo doctor`"
                : $"this machine has {count}, cuda:0 to cuda:{count - 1}"));
    }
}
