using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>Tensors to payloads and back, bit by bit: the only place where both are known.</summary>
static class TensorPayloads
{
    /// <summary>A copy of a tensor's values.</summary>
    public static TensorPayload ToPayload(this Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var onCpu = tensor.detach().cpu().contiguous();
        var type = onCpu.dtype switch
        {
            ScalarType.Float32 => NumberType.Float32,
            ScalarType.BFloat16 => NumberType.BFloat16,
            ScalarType.Float16 => NumberType.Float16,
            _ => throw new ArgumentException($"a {onCpu.dtype} tensor does not travel; expected a floating-point one", nameof(tensor)),
        };
        return new TensorPayload(type, onCpu.shape, onCpu.bytes.ToArray());
    }

    /// <summary>A new tensor on a device; owned by the caller.</summary>
    public static Tensor ToTensor(this TensorPayload payload, Device device)
    {
        using var scope = NewDisposeScope();
        var onCpu = empty([.. payload.Shape], payload.Type.ToScalarType());
        payload.Bytes.CopyTo(onCpu.bytes);
        return onCpu.to(device).DetachFromDisposeScope();
    }
}
