namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// Classes whose objects training programs leave beside the weights: settings, counters, the state of callbacks and optimizers. They are
/// read over: nothing is made of them, so nothing of them can run. Everything else is refused, for a file with other names is none that a
/// training program wrote.
/// </summary>
static class HarmlessGlobals
{
    static readonly string[] Packages =
        ["pytorch_lightning.", "lightning.", "lightning_fabric.", "omegaconf.", "torchmetrics.", "transformers.", "diffusers.", "accelerate."];

    static readonly Dictionary<string, string[]> Names = new(StringComparer.Ordinal)
    {
        ["argparse"] = ["Namespace"],
        ["builtins"] = ["set", "frozenset", "dict", "list", "tuple", "int", "float", "bool", "complex", "str", "bytes", "bytearray", "slice", "range", "object"],
        ["__builtin__"] = ["set", "frozenset", "dict", "list", "tuple", "int", "long", "float", "bool", "complex", "str", "unicode", "bytearray", "slice", "xrange", "object"],
        ["collections"] = ["Counter", "deque"],
        ["copyreg"] = ["_reconstructor"],
        ["copy_reg"] = ["_reconstructor"],
        ["datetime"] = ["datetime", "date", "time", "timedelta", "timezone"],
        ["decimal"] = ["Decimal"],
        ["enum"] = ["Enum", "IntEnum"],
        ["fractions"] = ["Fraction"],
        ["numpy"] = ["dtype", "ndarray", "float64", "float32", "int64", "int32", "bool_"],
        ["numpy.core.multiarray"] = ["scalar"],
        ["numpy._core.multiarray"] = ["scalar"],
        ["numpy.random._pickle"] = ["__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor"],
        ["pathlib"] = ["Path", "PosixPath", "PurePath", "PurePosixPath", "WindowsPath", "PureWindowsPath"],
        ["torch"] = ["Size", "device", "Tensor", "Generator"],
        ["torch.nn.parameter"] = ["Parameter", "Buffer"],
        ["torch.serialization"] = ["_get_layout"],
        ["torch.torch_version"] = ["TorchVersion"],
        ["typing"] = ["Any", "Union", "Optional"],
        ["uuid"] = ["UUID"],
    };

    public static bool Contains(string module, string name) =>
        (Names.TryGetValue(module, out var names) && names.Contains(name, StringComparer.Ordinal))
        || Array.Exists(Packages, p => module.StartsWith(p, StringComparison.Ordinal));
}
