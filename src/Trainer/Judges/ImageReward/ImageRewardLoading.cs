using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Blip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.ImageReward;

/// <summary>ImageReward as it was published: ImageReward.pt, med_config.json, and BERT's vocab.txt.</summary>
static class ImageRewardLoading
{
    /// <summary>The head computes in float32 whatever the encoders do.</summary>
    const string HeadPrefix = "mlp.";

    static readonly string[] FileNames = ["ImageReward.pt", "ImageReward.safetensors", "model.safetensors"];

    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static ImageRewardJudge Load(JudgeSettings judge, Device device)
    {
        var checkpoint = JudgeFiles.FindCheckpoint(judge.Path, FileNames);
        var folder = JudgeFiles.Processor(judge.Processor, checkpoint);
        using var source = CheckpointFile.Open(checkpoint);
        var config = Config(source, Path.Combine(folder, "med_config.json"));
        var vocabulary = Path.Combine(folder, "vocab.txt");
        var tokenizer = BertTokenizer.FromFile(vocabulary);
        if (tokenizer.VocabularySize != config.VocabSize - BertTokenizer.BlipTokens)
            throw new CheckpointException($"The tokenizer in '{vocabulary}' has {tokenizer.VocabularySize} tokens, but the judge's text encoder has an embedding for " +
                $"{config.VocabSize - BertTokenizer.BlipTokens} and two of BLIP's own; give it bert-base-uncased's vocab.txt, in judge.processor or beside the checkpoint.");
        if (config.MaxPositions < tokenizer.MaxLength)
            throw new CheckpointException($"'{source.Origin}' has positions for {config.MaxPositions} tokens; ImageReward makes {tokenizer.MaxLength} of a prompt.");
        var model = ModuleLoading.Load(new ImageRewardModel(config, META), source,
            new LoadOptions { Device = device, Dtype = judge.Dtype.ToScalarType(), InFloat32 = key => key.StartsWith(HeadPrefix, StringComparison.Ordinal) });
        return new ImageRewardJudge(model, new PicturePreprocessing(new ClipImageProcessor(config.ImageSize, PixelNormalisation.Clip).ProcessAsTorchvision), tokenizer);
    }

    // The file has no configuration of its vision encoder; its shapes say all but the number of heads, which are 64 wide.
    static ImageRewardConfig Config(ITensorSource source, string medConfig)
    {
        IReadOnlyList<long> Shape(string key, int dimensions) => source.Tensors.TryGetValue(key, out var tensor) && tensor.Shape.Count == dimensions
            ? tensor.Shape
            : throw new CheckpointException($"'{source.Origin}' has no '{key}'; expected ImageReward.pt.");
        var text = new ImageRewardConfig();
        if (File.Exists(medConfig)) text = text.WithText(CheckpointJson.ReadObject(medConfig, "ImageReward's med_config.json"), medConfig);
        var (positions, patch) = (Shape("blip.visual_encoder.pos_embed", 3), Shape("blip.visual_encoder.patch_embed.proj.weight", 4));
        var side = (int)Math.Sqrt(positions[1] - 1);
        return text with
        {
            ImageSize = side * (int)patch[2],
            PatchSize = (int)patch[2],
            VisionWidth = (int)patch[0],
            VisionHeads = Math.Max(1, (int)patch[0] / 64),
            VisionLayers = Enumerable.Range(0, int.MaxValue).First(i => !source.Tensors.ContainsKey($"blip.visual_encoder.blocks.{i}.norm1.weight")),
            VocabSize = (int)Shape("blip.text_encoder.embeddings.word_embeddings.weight", 2)[0],
        };
    }
}
