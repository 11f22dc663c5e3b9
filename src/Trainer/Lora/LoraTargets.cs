using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora;

/// <summary>Which layers of a model an adapter goes to, and whether it fits them.</summary>
internal static class LoraTargets
{
    const int Listed = 10;

    /// <summary>
    /// The linear layers whose path is a target or ends with a dot and a target, as peft matches them, in ordinal order.
    /// </summary>
    /// <exception cref="LoraException">A target matches nothing, or something other than a linear layer.</exception>
    public static IReadOnlyList<(string Path, AdaptableLayer Layer)> Find(nn.Module model, IReadOnlyList<string> targets)
    {
        var modules = model.named_modules().ToList();
        var problems = new List<string>();
        var found = new SortedDictionary<string, AdaptableLayer>(StringComparer.Ordinal);
        foreach (var target in targets)
        {
            var matches = modules.Where(m => m.name == target || m.name.EndsWith("." + target, StringComparison.Ordinal)).ToList();
            if (matches.Count == 0)
                problems.Add($"'{target}' is the end of no module's path; linear layers end in {string.Join(", ", LinearNames(model))}");
            foreach (var (path, module) in matches)
            {
                if (module is AdaptableLayer linear) found[path] = linear;
                else problems.Add($"'{target}' matches '{path}', a {module.GetName()}; adapters go to linear layers only");
            }
        }
        Throw("target_modules do not fit the model", problems);
        return [.. found.Select(f => (f.Key, f.Value))];
    }

    /// <summary>The layers of <paramref name="factors"/> in ordinal order.</summary>
    /// <exception cref="LoraException">Something does not fit.</exception>
    public static IReadOnlyList<(string Path, AdaptableLayer Layer)> Check(nn.Module model, IReadOnlyDictionary<string, LoraFactors> factors)
    {
        var layers = Linears(model);
        var problems = new List<string>();
        var found = new List<(string, AdaptableLayer)>();
        foreach (var (path, (a, b, _)) in factors.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            if (!layers.TryGetValue(path, out var layer)) problems.Add($"'{path}' is no linear layer of the model");
            else if (layer.Update is not null) problems.Add($"'{path}' has an adapter already; dispose of it first");
            else if (a.dim() != 2 || b.dim() != 2 || a.shape[0] != b.shape[1] || a.shape[1] != layer.InFeatures || b.shape[0] != layer.OutFeatures)
                problems.Add($"'{path}': A is {Shape(a.shape)} and B {Shape(b.shape)}; expected [rank, {layer.InFeatures}] and [{layer.OutFeatures}, rank]");
            else found.Add((path, layer));
        }
        if (factors.Count == 0) problems.Add("it holds no layers");
        Throw("the LoRA does not fit the model", problems);
        return found;
    }

    /// <exception cref="LoraException">The two differ in more than values.</exception>
    public static void CheckSame(
        IReadOnlyDictionary<string, (long[] A, long[] B, double Alpha)> own, IReadOnlyDictionary<string, LoraFactors> factors)
    {
        var problems = new List<string>();
        problems.AddRange(own.Keys.Except(factors.Keys).Select(path => $"'{path}' is missing"));
        problems.AddRange(factors.Keys.Except(own.Keys).Select(path => $"'{path}' is not adapted here"));
        foreach (var (path, (a, b, alpha)) in own)
        {
            if (!factors.TryGetValue(path, out var other)) continue;
            if (!other.A.shape.SequenceEqual(a) || !other.B.shape.SequenceEqual(b))
                problems.Add($"'{path}': A is {Shape(other.A.shape)} and B {Shape(other.B.shape)}; expected {Shape(a)} and {Shape(b)}");
            if (other.Alpha != alpha) problems.Add($"'{path}': alpha is {other.Alpha}; expected {alpha}");
        }
        Throw("the LoRA is not of the attached adapter's kind", problems);
    }

    static Dictionary<string, AdaptableLayer> Linears(nn.Module model) =>
        model.named_modules().Where(m => m.module is AdaptableLayer).ToDictionary(m => m.name, m => (AdaptableLayer)m.module, StringComparer.Ordinal);

    static IEnumerable<string> LinearNames(nn.Module model) => Linears(model).Keys
        .Select(path => path.Split('.')).Select(parts => int.TryParse(parts[^1], out _) && parts.Length > 1 ? $"{parts[^2]}.{parts[^1]}" : parts[^1])
        .Distinct().Order(StringComparer.Ordinal);

    static string Shape(long[] shape) => $"[{string.Join(", ", shape)}]";

    static void Throw(string what, List<string> problems)
    {
        if (problems.Count == 0) return;
        var more = problems.Count > Listed ? $"\n  - … and {problems.Count - Listed} more" : "";
        throw new LoraException($"{what}:\n  - {string.Join("\n  - ", problems.Take(Listed))}{more}");
    }
}
