using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora.Files;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines.Inspection;

/// <summary>Says what a checkpoint is, by the names and shapes of its tensors.</summary>
public static class CheckpointInspector
{
    /// <summary>Inspects a file, a component's folder or a diffusers folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="checkFinite">Also look for NaN and infinite values, which reads all the data.</param>
    /// <exception cref="CheckpointException">It does not exist or cannot be read.</exception>
    public static CheckpointReport Inspect(string path, bool checkFinite = false)
    {
        if (DiffusersFolder.IsAt(path)) return InspectFolder(DiffusersFolder.Open(path), checkFinite);
        if (!Directory.Exists(path)) return InspectWeights(CheckpointFile.Open(path), checkFinite);
        return InspectWeights(ComponentWeights.Open(path), checkFinite);
    }

    static CheckpointReport InspectFolder(DiffusersFolder folder, bool checkFinite)
    {
        var components = folder.NeededComponents.Where(c => ComponentWeights.Find(folder.Component(c)) is not null)
            .ToDictionary(c => c, c => InspectWeights(folder.Weights(c), checkFinite), StringComparer.Ordinal);
        return new CheckpointReport
        {
            Path = folder.Path,
            Kind = CheckpointKind.DiffusersFolder,
            Family = components.TryGetValue("unet", out var unet) ? unet.Family : null,
            Details = [new("pipeline", folder.ClassName), new("components", string.Join(", ", folder.Components))],
            Components = components,
        };
    }

    static CheckpointReport InspectWeights(ITensorSource weights, bool checkFinite)
    {
        using var source = weights;
        var kind = CheckpointKinds.Of(source);
        return new CheckpointReport
        {
            Path = source.Origin,
            Kind = kind,
            Family = CheckpointKinds.Family(source),
            Details = kind == CheckpointKind.Lora ? LoraDetails(source) : [],
            Tensors = source.Tensors,
            NotFinite = checkFinite ? NotFinite(source) : null,
            Metadata = (source as SafetensorsFile)?.Metadata ?? new Dictionary<string, string>(),
        };
    }

    static List<KeyValuePair<string, string>> LoraDetails(ITensorSource source)
    {
        var details = new List<KeyValuePair<string, string>>();
        if (LoraWeights.FormatOf(source) is { } format) details.Add(new("format", format.ToString()));
        try
        {
            using var scope = NewDisposeScope();
            var factors = LoraWeights.Read(source);
            details.Add(new("layers", factors.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)));
            details.Add(new("rank", Distinct(factors.Values.Select(f => (double)f.A.shape[0]))));
            details.Add(new("alpha", Distinct(factors.Values.Select(f => f.Alpha))));
        }
        catch (CheckpointException e)
        {
            // Worth knowing, but no reason to say nothing else about the file.
            details.Add(new("cannot be loaded", e.Message));
        }
        return details;
    }

    static string Distinct(IEnumerable<double> values) =>
        string.Join(", ", values.Distinct().Order().Select(v => v.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    static List<string> NotFinite(ITensorSource source)
    {
        return [.. source.Tensors.Keys.Order(StringComparer.Ordinal).Where(key =>
        {
            using var scope = NewDisposeScope();
            return !source.Load(key).IsFinite();
        })];
    }
}
