using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>Loads the autoencoder of a model, or the one that a specification names instead; all that a scorer needs of it.</summary>
public static class LatentDecoderLoading
{
    /// <exception cref="CheckpointException">Files are missing or do not fit.</exception>
    /// <exception cref="DeviceException">The device does not exist.</exception>
    public static LatentDecoder Load(ModelSpecification specification) => Load(specification, TorchNames.ParseDevice(specification.Device));

    /// <inheritdoc cref="DiffusionModel.Load(ModelSpecification, Device)"/>
    internal static LatentDecoder Load(ModelSpecification specification, Device device)
    {
        var model = ModelSource.Open(specification.Path);
        var config = Config(specification, model);
        // As in diffusers: SDXL's own autoencoder overflows float16, and only SDXL's pipelines look at the key, whose default is true everywhere.
        var upcasts = model.IsXl && config.ForceUpcast && specification.Dtype == NumberType.Float16;
        var dtype = upcasts ? ScalarType.Float32 : specification.Dtype.ToScalarType();
        using var weights = specification.Vae is { } other ? VaeSource.Weights(other) : model.Weights("vae");
        var vae = ModuleLoading.Load(new AutoencoderKl(config, META, dtype), weights, new LoadOptions { Dtype = dtype, Device = device });
        if (Kernels.AreFast) ChannelsLast.Prepare(vae);
        vae.Attention = specification.Attention;
        if (specification.VaeTiling) vae.Tiling = new VaeTiling();
        return new LatentDecoder(vae, dtype, device);
    }

    internal static VaeConfig Config(ModelSpecification specification, IModelSource model) => specification.Vae is { } other
        ? VaeSource.Config(other, model.IsXl, VaeConfig.Parse)
        : model.Config("vae", VaeConfig.Parse);
}
