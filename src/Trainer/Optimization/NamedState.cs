using static TorchSharp.torch;

namespace SpoActors.Trainer.Optimization;

/// <summary>What a saved state must hold: the tensors of the object that takes it over, by name, in their types and shapes.</summary>
static class NamedState
{
    /// <param name="owner">What the state is of, for the message.</param>
    /// <param name="own">The object's own state.</param>
    /// <param name="given">The saved one.</param>
    /// <exception cref="ArgumentException">They differ; everything missing, superfluous or misshaped is listed.</exception>
    public static void Check(string owner, IReadOnlyDictionary<string, Tensor> own, IReadOnlyDictionary<string, Tensor> given)
    {
        var problems = own.Keys.Except(given.Keys).Order(StringComparer.Ordinal).Select(k => $"{k} is missing")
            .Concat(given.Keys.Except(own.Keys).Order(StringComparer.Ordinal).Select(k => $"{k} is not expected"))
            .Concat(own.Keys.Intersect(given.Keys).Where(k => !own[k].shape.SequenceEqual(given[k].shape) || own[k].dtype != given[k].dtype)
                .Select(k => $"{k} is {Describe(given[k])}, expected {Describe(own[k])}"));
        if (string.Join("; ", problems) is { Length: > 0 } found)
            throw new ArgumentException($"{owner}'s state is not of these parameters: {found}", nameof(given));

        static string Describe(Tensor tensor) => $"{tensor.dtype} [{string.Join(", ", tensor.shape)}]";
    }
}
