using System.Text.Json;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>
/// A whole Stable Diffusion model on disk, by diffusers' component names (unet, vae, text_encoder, tokenizer, scheduler; SDXL also
/// text_encoder_2, tokenizer_2). Opening reads no weights; nothing has to be closed.
/// </summary>
public interface IModelSource
{
    string Path { get; }

    /// <summary>Whether this is SDXL; else SD 1.x or 2.x.</summary>
    bool IsXl { get; }

    /// <summary>SDXL's <c>force_zeros_for_empty_prompt</c>.</summary>
    bool ZerosForEmptyPrompt { get; }

    /// <summary>Names of the components that text-to-image generation needs.</summary>
    IReadOnlyList<string> NeededComponents { get; }

    /// <summary>A component's configuration, the root object, with diffusers' keys.</summary>
    /// <exception cref="CheckpointException">It is missing, or cannot be worked out.</exception>
    JsonElement ReadConfig(string component);

    /// <summary>A component's weights, under diffusers' present names.</summary>
    /// <exception cref="CheckpointException">They are missing or malformed.</exception>
    ITensorSource Weights(string component);

    /// <summary>The tokenizer of a text encoder, as diffusers' pipelines use it.</summary>
    /// <param name="component">tokenizer or tokenizer_2.</param>
    /// <exception cref="TokenizerException">Files are missing or malformed.</exception>
    ClipTokenizer Tokenizer(string component);

    /// <summary>Checks that components are all there, without reading their weights.</summary>
    /// <param name="components">Names; null for <see cref="NeededComponents"/>.</param>
    /// <exception cref="CheckpointException">Something is missing; all is named.</exception>
    void Require(IEnumerable<string>? components = null);
}

/// <summary>Opens models in either layout.</summary>
public static class ModelSource
{
    /// <summary>Opens a diffusers folder, or a single file in the original layout.</summary>
    /// <param name="path">The folder or the file.</param>
    /// <param name="variant">Which of a folder's files to prefer; see <see cref="DiffusersFolder.Open"/>.</param>
    /// <exception cref="CheckpointException">It is neither, or of a model that is not supported.</exception>
    public static IModelSource Open(string path, string? variant = null) => File.Exists(path) ? SingleFileModel.Open(path) : DiffusersFolder.Open(path, variant);

    /// <summary>A component's configuration, parsed.</summary>
    /// <param name="source">The model.</param>
    /// <param name="component">The component's name.</param>
    /// <param name="parse">Parses the root object; its second argument says where that is from, for messages.</param>
    /// <exception cref="CheckpointException">It is missing, or asks for what is not supported.</exception>
    public static T Config<T>(this IModelSource source, string component, Func<JsonElement, string, T> parse) =>
        parse(source.ReadConfig(component), System.IO.Path.Combine(source.Path, component));
}
