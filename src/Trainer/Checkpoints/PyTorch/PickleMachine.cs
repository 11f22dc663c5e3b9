using System.Numerics;
using System.Text;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// Reads pickles without Python: a stack machine that builds plain values. Names of functions and classes reach
/// <paramref name="globals"/>, which knows the few that rebuild tensors; every other one ends the reading.
/// </summary>
sealed class PickleMachine(PickleInput input, PyTorchGlobals globals)
{
    // A large model takes some 50,000, the state of its optimizer as many again. Each makes a value of some 100 bytes at most.
    const int MostInstructions = 4_000_000;

    const int LongestNumber = 1000;

    readonly Dictionary<uint, object?> memo = [];
    readonly Stack<List<object?>> marked = new();
    List<object?> stack = [];

    /// <summary>The value of the next pickle in the input.</summary>
    /// <exception cref="CheckpointException">It is malformed or holds something else than data and tensors.</exception>
    public static object? Read(PickleInput input, PyTorchGlobals globals) => new PickleMachine(input, globals).Run();

    object? Run()
    {
        for (var executed = 0; executed < MostInstructions; executed++)
        {
            var opcode = (PickleOpcode)input.Byte();
            if (opcode == PickleOpcode.Stop) return Pop();
            Execute(opcode);
        }
        throw Malformed($"it has over {MostInstructions} instructions");
    }

    void Execute(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Proto: RequireProtocol(input.Byte()); break;
            case PickleOpcode.Frame: input.UInt64(); break;
            case PickleOpcode.Mark: marked.Push(stack); stack = []; break;
            case PickleOpcode.Pop: Pop(); break;
            case PickleOpcode.PopMark: PopMark(); break;

            case PickleOpcode.None: Push(null); break;
            case PickleOpcode.NewTrue: Push(true); break;
            case PickleOpcode.NewFalse: Push(false); break;
            case PickleOpcode.BinInt: Push((long)input.Int32()); break;
            case PickleOpcode.BinInt1: Push((long)input.Byte()); break;
            case PickleOpcode.BinInt2: Push((long)input.UInt16()); break;
            case PickleOpcode.Long1: Push(Integer(input.Bytes(input.Byte()))); break;
            case PickleOpcode.Long4: Push(Integer(input.Bytes(LongLength(input.UInt32())))); break;
            case PickleOpcode.BinFloat: Push(input.Double()); break;
            case PickleOpcode.BinUnicode: Push(input.Text(input.UInt32())); break;
            case PickleOpcode.ShortBinUnicode: Push(input.Text(input.Byte())); break;
            case PickleOpcode.BinUnicode8: Push(input.Text(input.UInt64())); break;
            // Python 2's strings are bytes; as keys of a state dict they are text.
            case PickleOpcode.BinString: Push(Encoding.Latin1.GetString(input.Bytes(input.UInt32()))); break;
            case PickleOpcode.ShortBinString: Push(Encoding.Latin1.GetString(input.Bytes(input.Byte()))); break;
            case PickleOpcode.BinBytes: Push(input.Bytes(input.UInt32())); break;
            case PickleOpcode.ShortBinBytes: Push(input.Bytes(input.Byte())); break;
            case PickleOpcode.ByteArray8: Push(input.Bytes(input.UInt64())); break;
            case PickleOpcode.BinBytes8: Push(input.Bytes(input.UInt64())); break;

            case PickleOpcode.EmptyTuple: Push(new PickleList([], isTuple: true)); break;
            case PickleOpcode.Tuple1: Tuple(1); break;
            case PickleOpcode.Tuple2: Tuple(2); break;
            case PickleOpcode.Tuple3: Tuple(3); break;
            case PickleOpcode.Tuple: Push(new PickleList(PopMark(), isTuple: true)); break;
            case PickleOpcode.EmptyList: Push(new PickleList([], isTuple: false)); break;
            case PickleOpcode.List: Push(new PickleList(PopMark(), isTuple: false)); break;
            case PickleOpcode.Append: Append([Pop()]); break;
            case PickleOpcode.Appends: Append(PopMark()); break;
            case PickleOpcode.EmptyDict: Push(new PickleDict()); break;
            case PickleOpcode.Dict: Push(SetItems(new PickleDict(), PopMark())); break;
            case PickleOpcode.SetItem: var (value, key) = (Pop(), Pop()); SetItems(Top(), [key, value]); break;
            case PickleOpcode.SetItems: var items = PopMark(); SetItems(Top(), items); break;

            case PickleOpcode.EmptySet: Push(PickleObject.Instance); break;
            case PickleOpcode.AddItems: PopMark(); RequireObject(); break;
            case PickleOpcode.FrozenSet: PopMark(); Push(PickleObject.Instance); break;

            case PickleOpcode.BinPut: memo[input.Byte()] = Top(); break;
            case PickleOpcode.LongBinPut: memo[input.UInt32()] = Top(); break;
            case PickleOpcode.Memoize: memo[(uint)memo.Count] = Top(); break;
            case PickleOpcode.BinGet: Push(Remembered(input.Byte())); break;
            case PickleOpcode.LongBinGet: Push(Remembered(input.UInt32())); break;

            case PickleOpcode.Global: Push(globals.Find(input.Line(), input.Line())); break;
            case PickleOpcode.StackGlobal: var (name, module) = (Pop(), Pop()); Push(globals.Find(Text(module), Text(name))); break;
            case PickleOpcode.Reduce: var arguments = Pop(); Push(globals.Call(Pop(), arguments)); break;
            case PickleOpcode.NewObject: var (values, type) = (Pop(), Pop()); Push(globals.Call(type, values)); break;
            case PickleOpcode.NewObjectExtended: Pop(); var (extended, made) = (Pop(), Pop()); Push(globals.Call(made, extended)); break;
            case PickleOpcode.Build: var state = Pop(); globals.CheckState(Top(), state); break;
            case PickleOpcode.BinPersistentId: Push(globals.Storage(Pop())); break;
            default: throw Malformed($"the instruction 0x{(byte)opcode:x2} is none that a checkpoint needs");
        }
    }

    void Push(object? value) => stack.Add(value);

    object? Pop()
    {
        var value = Top();
        stack.RemoveAt(stack.Count - 1);
        return value;
    }

    object? Top() => stack.Count > 0 ? stack[^1] : throw Malformed("it takes a value where there is none");

    List<object?> PopMark()
    {
        if (marked.Count == 0) throw Malformed("it takes a marked list where there is none");
        var items = stack;
        stack = marked.Pop();
        return items;
    }

    void Tuple(int count)
    {
        if (stack.Count < count) throw Malformed("it takes a value where there is none");
        var items = stack.GetRange(stack.Count - count, count);
        stack.RemoveRange(stack.Count - count, count);
        Push(new PickleList(items, isTuple: true));
    }

    void Append(List<object?> items)
    {
        if (Top() is PickleObject) return;
        if (Top() is not PickleList { IsTuple: false } list) throw Malformed("it appends to what is no list");
        list.Items.AddRange(items);
    }

    object? SetItems(object? target, List<object?> items)
    {
        if (target is PickleObject) return target;
        if (target is not PickleDict dict || items.Count % 2 != 0) throw Malformed("it sets items of what is no dict");
        for (var i = 0; i < items.Count; i += 2) dict.Set(items[i], items[i + 1]);
        return dict;
    }

    object? Remembered(uint index) => memo.TryGetValue(index, out var value) ? value : throw Malformed($"it takes value {index}, which it has not stored");

    void RequireObject()
    {
        if (Top() is not PickleObject) throw Malformed("it adds to what is no set");
    }

    // Larger than any number that is written into a checkpoint; its conversion takes time with the square of its length.
    ulong LongLength(uint length) => length <= LongestNumber ? length : throw Malformed($"it holds a number of {length} bytes");

    static object Integer(byte[] bytes)
    {
        var value = new BigInteger(bytes);
        return value >= long.MinValue && value <= long.MaxValue ? (object)(long)value : value;
    }

    string Text(object? value) => value as string ?? throw Malformed("a function's name is no text");

    void RequireProtocol(byte protocol)
    {
        if (protocol is < 2 or > 5) throw Malformed($"it is of protocol {protocol}; expected 2 to 5");
    }

    CheckpointException Malformed(string what) => new($"'{input.Origin}' holds a pickle that cannot be read: {what}.");
}
