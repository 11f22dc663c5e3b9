using System.Text.Json;

namespace SpoActors.Trainer.Models.Blip;

/// <summary>Sizes of ImageReward's vision and text encoder; the defaults are the published model's.</summary>
public sealed record ImageRewardConfig
{
    /// <summary>Rows and columns of the input image, pixels.</summary>
    public int ImageSize { get; init; } = 224;

    public int PatchSize { get; init; } = 16;

    /// <summary>Width of the vision encoder, and of what the text encoder's cross-attention reads.</summary>
    public int VisionWidth { get; init; } = 1024;

    public int VisionLayers { get; init; } = 24;

    public int VisionHeads { get; init; } = 16;

    public int TextWidth { get; init; } = 768;

    public int TextIntermediate { get; init; } = 3072;

    public int TextLayers { get; init; } = 12;

    public int TextHeads { get; init; } = 12;

    public int VocabSize { get; init; } = 30524;

    public int MaxPositions { get; init; } = 512;

    /// <summary>Mean of the raw reward over the original's data.</summary>
    public double RewardMean { get; init; } = 0.16717362830052426;

    public double RewardDeviation { get; init; } = 1.0333394966054072;

    /// <summary>Takes the text part from a BERT configuration (<c>med_config.json</c>); its encoder_width is not used.</summary>
    /// <exception cref="Checkpoints.CheckpointException">A size is none; everything wrong is listed.</exception>
    public ImageRewardConfig WithText(JsonElement medConfig, string origin = "med_config.json")
    {
        var read = new ModelConfigReader(medConfig, origin);
        int Size(string name, int standard) =>
            read.Count(name, standard, name == "num_hidden_layers" ? ModelConfigReader.MostLayers : name == "vocab_size" ? int.MaxValue / 1024 : ModelConfigReader.MostChannels);
        var config = this with
        {
            TextWidth = Size("hidden_size", TextWidth),
            TextIntermediate = Size("intermediate_size", TextIntermediate),
            TextLayers = Size("num_hidden_layers", TextLayers),
            TextHeads = Size("num_attention_heads", TextHeads),
            VocabSize = Size("vocab_size", VocabSize),
            MaxPositions = Size("max_position_embeddings", MaxPositions),
        };
        if (config.TextWidth % config.TextHeads != 0) read.Problem($"hidden_size {config.TextWidth} is not a multiple of num_attention_heads {config.TextHeads}");
        read.ThrowIfProblems("text encoder");
        return config;
    }
}
