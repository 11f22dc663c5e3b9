using System.Text.Json;
using SpoActors.Specification;

namespace SpoActors.Golden.Tests.Optimization;

/// <summary>The optimizer of a case, in PyTorch's names.</summary>
static class OptimizerSettings
{
    public static OptimizerSpecification Of(JsonElement adamW) => new()
    {
        LearningRate = adamW.GetProperty("lr").GetDouble(),
        Beta1 = adamW.GetProperty("betas")[0].GetDouble(),
        Beta2 = adamW.GetProperty("betas")[1].GetDouble(),
        Epsilon = adamW.GetProperty("eps").GetDouble(),
        WeightDecay = adamW.GetProperty("weight_decay").GetDouble(),
    };

    /// <summary>A number that may be absent or null.</summary>
    public static double? Number(JsonElement config, string key) =>
        config.TryGetProperty(key, out var number) && number.ValueKind == JsonValueKind.Number ? number.GetDouble() : null;

    /// <summary>Arguments of a set, each handed to the function of its name; an argument without one fails.</summary>
    public static T Apply<T>(T settings, JsonElement arguments, Dictionary<string, Func<T, JsonElement, T>> byName) =>
        arguments.EnumerateObject().Aggregate(settings, (s, argument) => byName.TryGetValue(argument.Name, out var set)
            ? set(s, argument.Value)
            : throw new InvalidDataException($"the reader doesn't know the argument '{argument.Name}'"));
}
