using System.Globalization;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>How far training has come; stored beside the tensors.</summary>
/// <param name="Minibatches">Minibatches trained on; with the gradients it tells where accumulation stands.</param>
/// <param name="ConsumedPairs">Pairs trained on.</param>
/// <param name="ConsumedDigest">Hash chain over them.</param>
public sealed record TrainerAccount(int Minibatches, long ConsumedPairs, string ConsumedDigest);

/// <summary>
/// Everything a resumed trainer needs to go on bit for bit, as one safetensors file: <c>lora.NAME</c> (float32), <c>grad.NAME</c> (gradients
/// of an unfinished accumulation), every other part under its own prefix (<c>optimizer.NAME</c>), and the account in the metadata.
/// </summary>
static class TrainerState
{
    const string LoraPrefix = "lora.", GradientPrefix = "grad.";

    public static void Write(Stream target, LoraAdapter adapter, IReadOnlyList<StatefulPart> parts, TrainerAccount account)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, parameter) in adapter.NamedParameters)
        {
            tensors[LoraPrefix + name] = parameter;
            if (parameter.grad is { } gradient) tensors[GradientPrefix + name] = gradient;
        }
        foreach (var part in parts)
            foreach (var (name, value) in part.Save()) tensors[part.Prefix + name] = value;
        SafetensorsWriter.Write(target, tensors, new Dictionary<string, string>
        {
            ["minibatches"] = account.Minibatches.ToString(CultureInfo.InvariantCulture),
            ["consumed_pairs"] = account.ConsumedPairs.ToString(CultureInfo.InvariantCulture),
            ["consumed_digest"] = account.ConsumedDigest,
        });
    }

    /// <summary>Copies a stored state in.</summary>
    /// <exception cref="RunStateException">The file is not a trainer's state, or is one of another adapter.</exception>
    public static TrainerAccount Read(string path, LoraAdapter adapter, IReadOnlyList<StatefulPart> parts)
    {
        using var file = SafetensorsFile.Open(path);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var parameters = adapter.NamedParameters.ToDictionary(p => LoraPrefix + p.Name, p => p.Parameter);
        var stored = file.Tensors.Keys.Where(k => k.StartsWith(LoraPrefix, StringComparison.Ordinal)).ToHashSet();
        var differing = parameters.Keys.Where(k => !stored.Contains(k) || !file.Tensors[k].Shape.SequenceEqual(parameters[k].shape))
            .Concat(stored.Where(k => !parameters.ContainsKey(k))).Order(StringComparer.Ordinal).ToArray();
        if (differing.Length > 0)
            throw new RunStateException($"'{path}' holds another adapter than the configuration describes; differing: " +
                string.Join(", ", differing.Take(5)) + (differing.Length > 5 ? $" and {differing.Length - 5} more" : ""));
        if (!file.Metadata.TryGetValue("consumed_digest", out var digest)
            || !int.TryParse(file.Metadata.GetValueOrDefault("minibatches"), CultureInfo.InvariantCulture, out var minibatches)
            || !long.TryParse(file.Metadata.GetValueOrDefault("consumed_pairs"), CultureInfo.InvariantCulture, out var pairs))
            throw new RunStateException($"'{path}' lacks the account of what was consumed; it is not a trainer's state.");

        foreach (var (name, parameter) in adapter.NamedParameters)
        {
            parameter.copy_(file.Load(LoraPrefix + name));
            parameter.grad = file.Tensors.ContainsKey(GradientPrefix + name) ? file.Load(GradientPrefix + name).to(parameter.device, copy: true) : null;
        }
        var account = new TrainerAccount(minibatches, pairs, digest);
        try
        {
            foreach (var part in parts)
                part.Load(file.Tensors.Keys.Where(k => k.StartsWith(part.Prefix, StringComparison.Ordinal)).ToDictionary(k => k[part.Prefix.Length..], file.Load), account);
        }
        catch (ArgumentException e)
        {
            throw new RunStateException($"'{path}' is not the state of a run with these settings: {e.Message}", e);
        }
        return account;
    }
}
