using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>The aesthetic head's file (.pth or .safetensors) and the folder of the CLIP ViT-L/14 that it was trained on.</summary>
static class AestheticLoading
{
    static readonly string[] HeadNames = ["sac+logos+ava1-l14-linearMSE.pth", "model.safetensors"];

    static readonly string[] ClipNames = ["model.safetensors", "pytorch_model.bin"];

    /// <exception cref="CheckpointException">A file is missing or doesn't fit.</exception>
    public static AestheticJudge Load(JudgeSettings judge, Device device)
    {
        var folder = judge.Processor ?? throw new CheckpointException($"The aesthetic head '{judge.Path}' needs a CLIP ViT-L/14; name its folder in judge.processor.");
        var config = ClipConfig.Load(Path.Combine(folder, "config.json"));
        var resizing = ClipJudgeLoading.ReadPreprocessing(folder, config);
        using var headSource = CheckpointFile.Open(JudgeFiles.FindCheckpoint(judge.Path, HeadNames));
        if (!headSource.Tensors.TryGetValue("layers.0.weight", out var first) || first.Shape is not [_, var width])
            throw new CheckpointException($"'{headSource.Origin}' has no 'layers.0.weight'; expected LAION's aesthetic head, such as {HeadNames[0]}.");
        if (width != config.ProjectionDim)
            throw new CheckpointException($"'{headSource.Origin}' reads image embeddings of {width} numbers, but the CLIP in '{folder}' makes {config.ProjectionDim}; name the folder of CLIP ViT-L/14 in judge.processor.");

        using var clip = VisionOf(CheckpointFile.Open(JudgeFiles.FindCheckpoint(folder, ClipNames)));
        var vision = ModuleLoading.Load(new ClipVisionModelWithProjection(config.Vision with { ProjectionDim = config.ProjectionDim }, META), clip,
            new LoadOptions { Device = device, Dtype = judge.Dtype.ToScalarType() });
        var head = ModuleLoading.Load(new ScoreHead((int)width, META), headSource, new LoadOptions { Device = device, Dtype = ScalarType.Float32 });
        return new AestheticJudge(vision, head, new PicturePreprocessing(new ClipImageProcessor(resizing.Size, resizing.Normalisation).ProcessAsTorchvision));
    }

    /// <summary>Without the text tower, which nobody asks.</summary>
    static MappedTensorSource VisionOf(ITensorSource clip) => new(clip, clip.Tensors.Keys
        .Where(k => k.StartsWith("vision_model.", StringComparison.Ordinal) || k.StartsWith("visual_projection.", StringComparison.Ordinal))
        .ToDictionary(k => k, k => new MappedTensor(k), StringComparer.Ordinal));
}
