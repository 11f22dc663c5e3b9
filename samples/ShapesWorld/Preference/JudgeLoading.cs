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

    /// <summary>A time-conditioned model with a plain one's weights that scores exactly as it does, at every timestep.</summary>
    public static TimeConditionedClipModel TimeConditioned(string plainFolder, ulong seed)
    {
        manual_seed((long)seed);
        using var plain = Clip(plainFolder);
        var network = new TimeConditionedClipModel(plain.Config);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var target = network.state_dict();
        foreach (var (key, value) in plain.state_dict()) target[key].copy_(value);
        network.ResetTimeConditioning();
        return network;
    }
}
