using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>CLIP models in float32, ready to be trained.</summary>
static class JudgeLoading
{
    const string FileName = "model.safetensors";

    public static ClipModel Clip(string folder)
    {
        using var source = SafetensorsFile.Open(Path.Combine(folder, FileName));
        return ModuleLoading.Load(new ClipModel(ClipConfig.Load(Path.Combine(folder, "config.json")), META), source, new LoadOptions { Dtype = ScalarType.Float32 });
    }
}
