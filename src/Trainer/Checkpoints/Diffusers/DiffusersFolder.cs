using System.Text.Json;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary>
/// A model as diffusers saves it: <c>model_index.json</c>, which names the components, and a folder for each. Opening reads the
/// index only; nothing has to be closed.
/// </summary>
public sealed class DiffusersFolder : IModelSource
{
    const string Index = "model_index.json";

    /// <summary>Pipelines whose components draw images from text; one for pictures from pictures has the same.</summary>
    static readonly string[] Xl = ["StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline"], Sd = ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline"];

    readonly string? variant;

    DiffusersFolder(string path, string className, JsonElement index, string? variant)
    {
        (Path, ClassName, this.variant) = (path, className, variant);
        ZerosForEmptyPrompt = !index.TryGetProperty("force_zeros_for_empty_prompt", out var force) || force.ValueKind != JsonValueKind.False;
        Components = [.. index.EnumerateObject().Where(p => IsComponent(p.Value)).Select(p => p.Name).Order(StringComparer.Ordinal)];
    }

    public string Path { get; }

    /// <summary>The pipeline's class in diffusers.</summary>
    public string ClassName { get; }

    public bool IsXl => Xl.Contains(ClassName);

    /// <inheritdoc/>
    /// <remarks>True where the file does not say.</remarks>
    public bool ZerosForEmptyPrompt { get; }

    /// <summary>Names of the components that the index lists.</summary>
    public IReadOnlyList<string> Components { get; }

    public IReadOnlyList<string> NeededComponents => IsXl
        ? ["scheduler", "text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2", "unet", "vae"]
        : ["scheduler", "text_encoder", "tokenizer", "unet", "vae"];

    public static bool IsAt(string path) => File.Exists(System.IO.Path.Combine(path, Index));

    /// <summary>Opens a model.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="variant">Prefer weights of this variant, such as fp16; null prefers files without one. Components that have only the
    /// other are loaded from that.</param>
    /// <exception cref="CheckpointException">It is no such folder, or of a pipeline that is not supported.</exception>
    public static DiffusersFolder Open(string path, string? variant = null)
    {
        var index = System.IO.Path.Combine(path, Index);
        if (!File.Exists(index))
            throw new CheckpointException($"'{path}' is no diffusers model: it has no {Index}. Give the folder that holds it.");
        var json = CheckpointJson.ReadObject(index, "a pipeline's index");
        var name = json.OptionalString("_class_name");
        if (name is null || !Xl.Concat(Sd).Contains(name))
            throw new CheckpointException($"'{index}' is of a {name ?? "pipeline without _class_name"}; supported: {string.Join(", ", Sd.Concat(Xl))}, which draw images from text.");
        var folder = new DiffusersFolder(path, name, json, variant);
        return folder.IsXl && !folder.Components.Contains("text_encoder") && folder.Components.Contains("text_encoder_2")
            ? throw new CheckpointException($"'{path}' is the SDXL refiner, which improves pictures of another model (it has text_encoder_2 alone); expected SDXL base.")
            : folder;
    }

    /// <summary>Folder of a component.</summary>
    public string Component(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Path of a component's configuration.</summary>
    public string Config(string component) => System.IO.Path.Combine(Path, component, component switch
    {
        "scheduler" => "scheduler_config.json",
        "tokenizer" or "tokenizer_2" => "tokenizer_config.json",
        _ => "config.json",
    });

    public JsonElement ReadConfig(string component) => CheckpointJson.ReadObject(Config(component), $"the configuration of {component}");

    public ITensorSource Weights(string component)
    {
        var weights = ComponentWeights.Open(Component(component), variant);
        return component switch
        {
            "vae" => VaeLeftovers.LeaveOut(weights),
            "text_encoder" or "text_encoder_2" => TextEncoderNames.Modernise(weights),
            _ => weights,
        };
    }

    public ClipTokenizer Tokenizer(string component) => ClipTokenizer.FromFolder(Component(component), ClipTokenizerKind.Slow);

    public void Require(IEnumerable<string>? components = null)
    {
        var missing = (components ?? NeededComponents).SelectMany(Missing).ToList();
        // A folder that lists its files is checked as a whole: what else is missing would only be noticed later.
        missing.AddRange(FileManifest.Check(Path));
        if (missing.Count > 0)
            throw new CheckpointException($"'{Path}' is incomplete:\n  {string.Join("\n  ", missing)}\nIs the download complete?");
    }

    IEnumerable<string> Missing(string component)
    {
        if (!Directory.Exists(Component(component))) return [$"{component}: the folder is missing"];
        var missing = new List<string>();
        if (component is "tokenizer" or "tokenizer_2")
        {
            string[] files = ["vocab.json", "merges.txt"];
            if (!Array.Exists(files, f => File.Exists(System.IO.Path.Combine(Component(component), f))) && File.Exists(System.IO.Path.Combine(Component(component), "tokenizer.json"))) return [];
            foreach (var file in files)
                if (!File.Exists(System.IO.Path.Combine(Component(component), file))) missing.Add($"{component}: {file} is missing");
            return missing;
        }
        if (!File.Exists(Config(component))) missing.Add($"{component}: {System.IO.Path.GetFileName(Config(component))} is missing");
        if (component != "scheduler" && ComponentWeights.Find(Component(component), variant) is null)
            missing.Add($"{component}: weights are missing, expected {ComponentWeights.Expected}");
        return missing;
    }

    // ["library", "class"]; [null, null] is a component that the pipeline goes without.
    static bool IsComponent(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 2 && value[1].ValueKind == JsonValueKind.String;
}
