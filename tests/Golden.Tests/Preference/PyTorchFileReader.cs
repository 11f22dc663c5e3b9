using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>Files of torch.save: what is in them, tensor by tensor, and what must be refused.</summary>
public sealed class PyTorchFileReader : IGoldenReader
{
    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Json.TryGetProperty("files", out _) && golden.Json.TryGetProperty("refuse", out _);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var file in golden.Json.GetProperty("files").EnumerateObject()) CheckFile(golden, check, file.Name, file.Value);
        foreach (var file in golden.Json.GetProperty("refuse").EnumerateObject()) CheckRefused(golden, check, file.Name);
    }

    static void CheckFile(GoldenCase golden, GoldenAssert check, string name, JsonElement recorded)
    {
        using var scope = NewDisposeScope();
        using var file = PyTorchFile.Open(golden.Path($"{name}.pth"));
        using var expected = SafetensorsFile.Open(golden.Path($"{name}.expected.safetensors"));
        check.Equal($"{name}: names", string.Join(", ", file.Tensors.Keys.Order(StringComparer.Ordinal)), string.Join(", ", expected.Tensors.Keys.Order(StringComparer.Ordinal)));
        foreach (var (key, description) in expected.Tensors)
        {
            if (!file.Tensors.TryGetValue(key, out var found)) continue;
            check.Equal($"{name}/{key}: type", found.DType, description.DType);
            var (actual, values) = (file.Load(key), expected.Load(key));
            // Bit for bit, NaN and the sign of zero included.
            check.Equal($"{name}/{key}: bytes", Convert.ToHexString(actual.contiguous().clone().bytes), Convert.ToHexString(values.contiguous().clone().bytes));
            check.Equal($"{name}/{key}: shape", string.Join(",", actual.shape), string.Join(",", description.Shape));
            if (actual.numel() > 0 && recorded.GetProperty("tensors").GetProperty(key).TryGetProperty("stride", out var stride))
                check.Equal($"{name}/{key}: stride", string.Join(",", actual.stride()), string.Join(",", stride.EnumerateArray().Select(s => s.GetInt64())));
        }
    }

    static void CheckRefused(GoldenCase golden, GoldenAssert check, string name)
    {
        try
        {
            using var file = PyTorchFile.Open(golden.Path(name));
            check.Fail($"{name} was opened; it must be refused");
        }
        catch (CheckpointException e)
        {
            check.Equal($"{name}: the message names the file", e.Message.Contains(name, StringComparison.Ordinal), true);
            if (name.Contains("reduce", StringComparison.Ordinal))
                check.Equal($"{name}: the message names the function", e.Message.Contains("print", StringComparison.Ordinal), true);
        }
    }
}
