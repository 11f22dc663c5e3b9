using System.Text;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// The functions and classes that a checkpoint of tensors refers to. A pickle can call anything that Python can import; here the
/// names below are read as data, and every other name is refused, so that opening a file runs nothing of it.
/// </summary>
/// <param name="origin">The file, for messages.</param>
/// <param name="fileLength">No tensor is larger than this many bytes.</param>
sealed class PyTorchGlobals(string origin, long fileLength)
{
    const int MostDimensions = 64, MostTensors = 500_000;

    static readonly Dictionary<string, ScalarType> StorageTypes = new(StringComparer.Ordinal)
    {
        ["DoubleStorage"] = ScalarType.Float64,
        ["FloatStorage"] = ScalarType.Float32,
        ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["LongStorage"] = ScalarType.Int64,
        ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16,
        ["CharStorage"] = ScalarType.Int8,
        ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    static readonly Dictionary<string, ScalarType> Types = new(StringComparer.Ordinal)
    {
        ["float64"] = ScalarType.Float64,
        ["float32"] = ScalarType.Float32,
        ["float16"] = ScalarType.Float16,
        ["bfloat16"] = ScalarType.BFloat16,
        ["int64"] = ScalarType.Int64,
        ["int32"] = ScalarType.Int32,
        ["int16"] = ScalarType.Int16,
        ["int8"] = ScalarType.Int8,
        ["uint8"] = ScalarType.Byte,
        ["bool"] = ScalarType.Bool,
    };

    static readonly PickleGlobal OrderedDict = new("collections", "OrderedDict"), Encode = new("_codecs", "encode"),
        RebuildTensor = new("torch._utils", "_rebuild_tensor_v2"), RebuildTypedTensor = new("torch._utils", "_rebuild_tensor_v3"),
        RebuildParameter = new("torch._utils", "_rebuild_parameter"), RebuildStatefulParameter = new("torch._utils", "_rebuild_parameter_with_state"),
        RebuildFromType = new("torch._tensor", "_rebuild_from_type_v2"), UntypedStorage = new("torch.storage", "UntypedStorage"),
        DefaultDict = new("collections", "defaultdict");

    static readonly PickleGlobal[] Allowed =
        [OrderedDict, Encode, RebuildTensor, RebuildTypedTensor, RebuildParameter, RebuildStatefulParameter, RebuildFromType, UntypedStorage, DefaultDict];

    readonly Dictionary<string, PickleStorage> storages = new(StringComparer.Ordinal);
    int tensors;
    long encoded;

    /// <summary>Every storage that the pickle has named, by key.</summary>
    public IReadOnlyDictionary<string, PickleStorage> Storages => storages;

    /// <exception cref="CheckpointException">It is none of the allowed ones.</exception>
    public PickleGlobal Find(string module, string name)
    {
        var global = new PickleGlobal(module, name);
        if (HarmlessGlobals.Contains(module, name) || Allowed.Contains(global) || (module == "torch" && (StorageTypes.ContainsKey(name) || Types.ContainsKey(name)))) return global;
        var isModule = module.StartsWith("torch.nn.", StringComparison.Ordinal);
        throw new CheckpointException($"'{origin}' refers to {global}, which is no part of a checkpoint of tensors; nothing of it was run. "
            + (isModule ? "It holds a whole module: save its state_dict() instead." : "Get the weights as safetensors, or save a state_dict without other objects."));
    }

    /// <summary>The result of one of the allowed functions.</summary>
    public object? Call(object? function, object? arguments)
    {
        var items = (arguments as PickleList)?.Items ?? throw Malformed("a call without arguments");
        if (function is PickleGlobal { Module: var module, Name: var name } && HarmlessGlobals.Contains(module, name)) return PickleObject.Instance;
        if (OrderedDict.Equals(function) && items is []) return new PickleDict();
        if (DefaultDict.Equals(function) && items is [] or [PickleGlobal or null]) return new PickleDict();
        // How protocol 2 writes bytes.
        if (Encode.Equals(function) && items is [string text, "latin1"])
            return (encoded += text.Length) <= fileLength ? Encoding.Latin1.GetBytes(text) : throw Malformed("more bytes than the file has");
        if ((RebuildParameter.Equals(function) || RebuildStatefulParameter.Equals(function)) && items is [PickleTensor parameter, ..]) return parameter;
        if (RebuildFromType.Equals(function) && items is [PickleGlobal inner, _, PickleList innerArguments, ..] && !RebuildFromType.Equals(inner)) return Call(inner, innerArguments);
        if (RebuildTensor.Equals(function) && items is [PickleStorage { DType: { } type } typed, long start, PickleList size, PickleList step, ..])
            return Tensor(typed, type, start, size, step);
        if (RebuildTypedTensor.Equals(function) && items is [PickleStorage storage, long offset, PickleList shape, PickleList stride, _, _, PickleGlobal { Module: "torch" } dtype, ..]
            && Types.TryGetValue(dtype.Name, out var named))
            return Tensor(storage, named, offset, shape, stride);
        throw Malformed($"a call of {function} with arguments that do not fit it");
    }

    /// <summary>Of what is read only dicts have a state, their <c>_metadata</c>, which says nothing about the tensors.</summary>
    public void CheckState(object? target, object? state)
    {
        if (target is PickleObject) return;
        if (target is not PickleDict || state is not PickleDict) throw Malformed("an object with a state of its own");
    }

    /// <summary>What a persistent id stands for: ('storage', type, key, location, count), in the legacy layout with a sixth element, None.</summary>
    public PickleStorage Storage(object? id)
    {
        // The location, such as cuda:0, is where the tensor was; it is loaded to the CPU whatever it says.
        if (id is not PickleList { Items: ["storage", PickleGlobal type, string key, string, long and >= 0 and var count, .. var more] } || more is not ([] or [null]))
            throw Malformed("a storage that is described in an unknown way");
        ScalarType? dtype = StorageTypes.TryGetValue(type.Name, out var known) ? known : null;
        if (dtype is null && type != UntypedStorage) throw Malformed($"a storage of {type}");
        var storage = new PickleStorage(key, dtype, count);
        if (!storages.TryAdd(key, storage) && storages[key] != storage) throw Malformed($"the storage '{key}' with two types or sizes");
        return storage;
    }

    PickleTensor Tensor(PickleStorage storage, ScalarType type, long offset, PickleList shape, PickleList stride)
    {
        if (shape.Items.Count > MostDimensions || stride.Items.Count != shape.Items.Count || offset < 0
            || !shape.Items.Concat(stride.Items).All(i => i is long and >= 0))
            throw Malformed("a tensor whose shape, stride or offset are no whole numbers from 0");
        if (++tensors > MostTensors) throw Malformed($"over {MostTensors} tensors");
        var tensor = new PickleTensor(storage, type, offset, [.. shape.Items.Cast<long>()], [.. stride.Items.Cast<long>()]);
        var size = SafetensorsTypes.Size(type);
        var available = storage.DType is null ? storage.Count / size : storage.Count;
        if (!Fits(tensor, size, available))
            throw Malformed($"a tensor [{string.Join(", ", tensor.Shape)}] with stride [{string.Join(", ", tensor.Stride)}] from element {offset}, but its storage has {available}");
        return tensor;
    }

    // Larger integers, because a hostile shape overflows 64 bits.
    bool Fits(PickleTensor tensor, int size, long available)
    {
        Int128 elements = 1, last = tensor.Offset;
        foreach (var (length, step) in tensor.Shape.Zip(tensor.Stride))
        {
            // Lengths beside a 0 must be sane, too.
            elements *= Math.Max(1, length);
            last += (Int128)Math.Max(0, length - 1) * step;
            if (elements * size > fileLength || last > long.MaxValue) return false;
        }
        return tensor.Shape.Contains(0) || last < available;
    }

    CheckpointException Malformed(string what) => new($"'{origin}' holds a pickle that cannot be read: {what}.");
}
