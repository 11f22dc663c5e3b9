using SpoActors.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>Reads an oracle's parameters and its batch norms' statistics.</summary>
static class OracleFile
{
    public static void Fill(OracleNetwork network, ITensorSource source)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var own = network.state_dict();
        var problems = own.Keys.Where(k => !source.Tensors.ContainsKey(k)).Select(k => $"{k} is missing")
            .Concat(source.Tensors.Keys.Where(k => !own.ContainsKey(k)).Select(k => $"{k} is not expected"))
            .Concat(own.Where(o => source.Tensors.TryGetValue(o.Key, out var t) && !t.Shape.SequenceEqual(o.Value.shape)).Select(o => $"{o.Key} has another shape"));
        if (string.Join("; ", problems) is { Length: > 0 } found) throw new CheckpointException($"'{source.Origin}' is no oracle of ShapesWorld: {found}.");
        foreach (var (key, value) in own) value.copy_(source.Load(key));
    }
}
