using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Models.Vae;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>Loads the autoencoder of a model, or the one that a specification names instead; all that a scorer needs of it.</summary>
public static class LatentDecoderLoading
{
    /// <exception cref="CheckpointException">Files are missing or do not fit.</exception>
    /// <exception cref="ArgumentException">The device does not exist.</exception>
    public static LatentDecoder Load(ModelSpecification specification)
    {
        var folder = Folder(specification, DiffusionModel.Open(specification));
        var config = VaeConfig.Load(Path.Combine(folder, "config.json"));
        // Such an autoencoder overflows float16.
        var dtype = config.ForceUpcast && specification.Dtype == NumberType.Float16 ? ScalarType.Float32 : specification.Dtype.ToScalarType();
        var device = TorchNames.ParseDevice(specification.Device);
        using var source = ComponentWeights.Open(folder);
        var vae = ModuleLoading.Load(new AutoencoderKl(config, META, dtype), source, new LoadOptions { Dtype = dtype, Device = device });
        vae.Attention = specification.Attention;
        if (specification.VaeTiling) vae.Tiling = new VaeTiling();
        return new LatentDecoder(vae, dtype, device);
    }

    internal static VaeConfig Config(ModelSpecification specification, DiffusersFolder folder) =>
        VaeConfig.Load(Path.Combine(Folder(specification, folder), "config.json"));

    static string Folder(ModelSpecification specification, DiffusersFolder folder) => specification.Vae ?? folder.Component("vae");
}
