using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// CLIPs that score pictures, in open_clip's or transformers' layout: HPSv2, HPSv2.1 and CLIPScore. Without a configuration an open_clip file
/// is ViT-H/14, and without a tokenizer OpenAI's is taken.
/// </summary>
static class PictureClipLoading
{
    static readonly string[] CommonNames = ["open_clip_model.safetensors", "open_clip_pytorch_model.bin", "model.safetensors", "pytorch_model.bin"];

    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static IJudge Load(JudgeSettings judge, Device device)
    {
        var checkpoint = JudgeFiles.FindCheckpoint(judge.Path, [.. PublishedNames(judge.Kind), .. CommonNames]);
        var folder = JudgeFiles.Processor(judge.Processor, checkpoint);
        using var source = CheckpointFile.Open(checkpoint);
        var isOpenClip = OpenClipWeights.Recognises(source);
        var config = Config(folder, isOpenClip);
        var tokenizer = Tokenizer(folder, config.Text);
        var name = JudgeNames.Of(judge.Kind);
        var options = new LoadOptions { Device = device, Dtype = judge.Dtype.ToScalarType(), InFloat32 = key => key == ClipJudgeLoading.LogitScale };
        using var weights = isOpenClip ? OpenClipWeights.AsTransformers(source) : null;
        var network = ModuleLoading.Load(new ClipModel(config, META), weights ?? source, options);
        var resizing = ClipJudgeLoading.ReadPreprocessing(folder, config);
        return judge.Kind == JudgeKind.Clipscore
            ? new ClipScoreJudge(name, network, new PicturePreprocessing(new ClipImageProcessor(resizing.Size, resizing.Normalisation).ProcessAsTorchvision), tokenizer)
            : new Hpsv2Judge(name, network, new PicturePreprocessing(new Hpsv2Preprocessing(resizing.Size, resizing.Normalisation).Process), tokenizer);
    }

    static string[] PublishedNames(JudgeKind kind) => kind switch
    {
        JudgeKind.Hpsv2 => ["HPS_v2_compressed.pt", "HPS_v2.pt"],
        JudgeKind.Hpsv2_1 => ["HPS_v2.1_compressed.pt", "HPS_v2.1.pt"],
        _ => [],
    };

    static ClipConfig Config(string folder, bool isOpenClip)
    {
        var openClip = Path.Combine(folder, "open_clip_config.json");
        if (isOpenClip && File.Exists(openClip)) return OpenClipConfig.Load(openClip);
        var transformers = Path.Combine(folder, "config.json");
        return isOpenClip && !IsDual(transformers) ? OpenClipConfig.VitH14 : ClipConfig.Load(transformers);
    }

    static bool IsDual(string config) => File.Exists(config) && ClipConfigJson.IsDual(CheckpointJson.ReadObject(config, "a CLIP model's config.json"));

    static ClipTokenizer Tokenizer(string folder, ClipTextConfig tower)
    {
        var own = File.Exists(Path.Combine(folder, "vocab.json"));
        var tokenizer = own
            ? ClipTokenizer.FromFolder(folder, ClipTokenizerKind.OpenClip)
            : new ClipTokenizer(BytePairVocabulary.Standard, new ClipTokenizerOptions { Kind = ClipTokenizerKind.OpenClip });
        TokenizerFit.Require(tokenizer, tower, own ? folder : "this program (OpenAI's)");
        return tokenizer;
    }
}
