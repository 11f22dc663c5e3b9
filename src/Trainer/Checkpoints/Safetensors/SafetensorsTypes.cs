using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>The format's type names.</summary>
static class SafetensorsTypes
{
    static readonly (string Name, ScalarType Type, int Size)[] Table =
    [
        ("F64", ScalarType.Float64, 8), ("F32", ScalarType.Float32, 4), ("F16", ScalarType.Float16, 2), ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8), ("I32", ScalarType.Int32, 4), ("I16", ScalarType.Int16, 2), ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1), ("BOOL", ScalarType.Bool, 1),
    ];

    public static string Supported { get; } = string.Join(", ", Table.Select(t => t.Name).Concat(Float8.Names));

    public static ScalarType? Parse(string name) => Array.Find(Table, t => t.Name == name) is { Name: not null } found ? found.Type : null;

    public static string Name(ScalarType type) => Array.Find(Table, t => t.Type == type).Name
        ?? throw new NotSupportedException($"safetensors has no type for {type}");

    public static bool IsFloatingPoint(ScalarType type) => type is ScalarType.Float64 or ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16;

    public static int Size(ScalarType type) => Array.Find(Table, t => t.Type == type).Size;
}
