using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Pipelines;

/// <summary>
/// Whether the components of a model belong together, by their configurations: else the first step would end in a mismatch of sizes, or the
/// model would draw nonsense. Models for other tasks than images from text are refused by what they are.
/// </summary>
sealed class ComponentFit(string path)
{
    /// <summary>Height, width, two offsets of a crop, two target sizes.</summary>
    const int TimeIds = 6;

    readonly List<string> problems = [];

    /// <summary>The UNet against the latents that it denoises.</summary>
    public ComponentFit Latents(UNetConfig unet, VaeConfig vae)
    {
        if (unet.InChannels != vae.LatentChannels)
        {
            problems.Add(TaskOf(unet.InChannels) is { } task
                ? $"it is {task} (its unet takes {unet.InChannels} channels); expected a text-to-image model, whose unet takes the {vae.LatentChannels} of the latents"
                : $"unet and vae do not fit: the unet takes {unet.InChannels} channels, the vae's latents have {vae.LatentChannels}");
        }
        else if (unet.OutChannels != unet.InChannels) problems.Add($"its unet takes {unet.InChannels} channels and gives {unet.OutChannels}; expected as many");
        return this;
    }

    /// <summary>A text encoder against its tokenizer.</summary>
    /// <param name="name">The encoder's name.</param>
    /// <param name="encoder">Its settings.</param>
    /// <param name="tokenizerName">The tokenizer's name.</param>
    /// <param name="tokenizer">The tokenizer.</param>
    public ComponentFit Tokens(string name, ClipTextConfig encoder, string tokenizerName, ClipTokenizer tokenizer)
    {
        if (tokenizer.VocabularySize > encoder.VocabSize)
            problems.Add($"{tokenizerName} and {name} do not fit: the tokenizer has ids up to {tokenizer.VocabularySize - 1}, the encoder embeddings for {encoder.VocabSize}");
        if (tokenizer.MaxLength > encoder.MaxPositionEmbeddings)
            problems.Add($"{tokenizerName} and {name} do not fit: the tokenizer makes {tokenizer.MaxLength} ids of a prompt, the encoder has positions for {encoder.MaxPositionEmbeddings}");
        return this;
    }

    /// <summary>The UNet against the states that it attends to.</summary>
    /// <param name="unet">Its settings.</param>
    /// <param name="encoders">The text encoders: SD one, SDXL two.</param>
    public ComponentFit Texts(UNetConfig unet, params IReadOnlyList<ClipTextConfig> encoders)
    {
        var (names, width) = (encoders.Count == 1 ? "text_encoder" : "text_encoder with text_encoder_2", encoders.Sum(e => e.HiddenSize));
        if (unet.CrossAttentionDim != width)
            problems.Add($"unet and {names} do not fit: the unet attends to states of {unet.CrossAttentionDim} (cross_attention_dim), the encoder makes {width} (hidden_size)");
        if (encoders.Count == 1 && unet.AddedConditioning is not null)
            problems.Add("its unet is of SDXL (addition_embed_type text_time), the pipeline of SD, with one text encoder");
        if (encoders is not [_, var second]) return this;
        if (unet.AddedConditioning is not { } added) problems.Add("the pipeline is of SDXL, its unet is not (no addition_embed_type text_time)");
        else if (added.InputDim != second.ProjectionDim + TimeIds * added.TimeEmbedDim)
            problems.Add($"unet and text_encoder_2 do not fit: the unet expects {added.InputDim} (projection_class_embeddings_input_dim), "
                + $"{TimeIds} sizes of {added.TimeEmbedDim} and the encoder's projection of {second.ProjectionDim} make {second.ProjectionDim + TimeIds * added.TimeEmbedDim}");
        return this;
    }

    /// <exception cref="CheckpointException">Something does not fit; all of it is listed.</exception>
    public void ThrowIfNot()
    {
        if (problems.Count > 0) throw new CheckpointException($"'{path}' cannot be used: {string.Join("; ", problems)}.");
    }

    static string? TaskOf(int channels) => channels switch
    {
        5 => "a model that is guided by depth",
        7 => "a model that enlarges pictures",
        8 => "a model that edits pictures by instruction",
        9 => "an inpainting model",
        _ => null,
    };
}
