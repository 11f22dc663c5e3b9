using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;

namespace SpoActors.Trainer.Pipelines;

/// <summary>A model folder as diffusers saves it: <c>model_index.json</c> and a folder for every component.</summary>
sealed class ModelFolder
{
    readonly string root;

    ModelFolder(string root, string className, bool zerosForEmptyPrompt) =>
        (this.root, IsXl, ZerosForEmptyPrompt) = (root, className == "StableDiffusionXLPipeline", zerosForEmptyPrompt);

    public bool IsXl { get; }

    public bool ZerosForEmptyPrompt { get; }

    /// <exception cref="CheckpointException">It is no such folder, or of a pipeline that is not supported.</exception>
    public static ModelFolder Open(string path)
    {
        var index = Path.Combine(path, "model_index.json");
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(index));
            var name = json.RootElement.TryGetProperty("_class_name", out var value) ? value.ToString() : "";
            if (name is not ("StableDiffusionPipeline" or "StableDiffusionXLPipeline"))
                throw new CheckpointException($"'{index}' is of a {name}; expected StableDiffusionPipeline or StableDiffusionXLPipeline.");
            return new ModelFolder(path, name, !json.RootElement.TryGetProperty("force_zeros_for_empty_prompt", out var force) || force.ValueKind != JsonValueKind.False);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CheckpointException($"'{path}' is no diffusers folder: its model_index.json cannot be read: {e.Message}", e);
        }
    }

    public string Component(string name) => Path.Combine(root, name);

    public string Config(string component) => Path.Combine(root, component, component == "scheduler" ? "scheduler_config.json" : "config.json");

    public ITensorSource Weights(string component) => WeightsIn(Component(component));

    /// <summary>The weights of a component's folder.</summary>
    public static ITensorSource WeightsIn(string folder)
    {
        string[] names = ["diffusion_pytorch_model.safetensors", "model.safetensors", "diffusion_pytorch_model.fp16.safetensors", "model.fp16.safetensors"];
        var found = names.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);
        return found is null
            ? throw new CheckpointException($"'{folder}' holds no weights; expected one of {string.Join(", ", names)}.")
            : SafetensorsFile.Open(found);
    }
}
